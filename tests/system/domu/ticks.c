/* SPDX-License-Identifier: MIT */
/*
 * Runs a command and says how many ticks of the time stamp counter it took, from before the fork
 * until it was waited for: with `-icount shift=0` and one processor, instructions of the whole
 * machine. ticks NAME COMMAND [ARGUMENT...]; exits as the command did.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

int main(int argc, char **argv)
{
    uint64_t begin;
    int status;
    pid_t child;

    if (argc < 3) {
        fprintf(stderr, "ticks: needs a name and a command\n");
        return 2;
    }
    begin = tsc();
    child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        perror("ticks");
        return 1;
    }
    printf("FIGURE %s %llu\n", argv[1], (unsigned long long)(tsc() - begin));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
