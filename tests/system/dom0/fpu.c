/* SPDX-License-Identifier: MIT */
/*
 * Floating-point and vector state across forced switches. Usage: fpu [PROCESSOR]
 *
 * Two threads on one processor hand a byte to and fro, so each turn is a switch, while all their
 * x87, SSE and (if there) AVX registers hold patterns of their own. The system calls are made
 * between loading and storing the registers, in one piece of assembly, so that no compiled code
 * touches them.
 */
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SWITCHES = 10000, VECTORS = 16, VECTOR_SIZE = 32, X87_VALUES = 4 };

struct state {
    uint8_t vector[VECTORS][VECTOR_SIZE];
    double x87[X87_VALUES];
    uint32_t mxcsr;
    uint16_t control;
} __attribute__((aligned(32)));

struct player {
    int read_fd, write_fd;
    unsigned number;
    long switches;
    int failed;
};

static int has_avx;
static size_t processor;

#define EACH_VECTOR(op)                                                                   \
    op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) \
        op(14) op(15)
#define LOAD_AVX(n)  "vmovdqa " #n "*32(%[in]), %%ymm" #n "\n\t"
#define SAVE_AVX(n)  "vmovdqa %%ymm" #n ", " #n "*32(%[out])\n\t"
#define LOAD_SSE(n)  "movdqa " #n "*32(%[in]), %%xmm" #n "\n\t"
#define SAVE_SSE(n)  "movdqa %%xmm" #n ", " #n "*32(%[out])\n\t"

/* write(write_fd, byte, 1), then read(read_fd, byte, 1): the other thread runs in between. */
#define HAND_OVER                                                                  \
    "mov $1, %%eax\n\tmov %[wfd], %%edi\n\tmov %[byte], %%rsi\n\tmov $1, %%edx\n\t" \
    "syscall\n\t"                                                                  \
    "xor %%eax, %%eax\n\tmov %[rfd], %%edi\n\tmov %[byte], %%rsi\n\tmov $1, %%edx\n\t" \
    "syscall\n\t"

#define LOAD_X87                                                                   \
    "fninit\n\tfldcw %c[cw](%[in])\n\tldmxcsr %c[mx](%[in])\n\t"                    \
    "fldl %c[x87](%[in])\n\tfldl %c[x87]+8(%[in])\n\t"                              \
    "fldl %c[x87]+16(%[in])\n\tfldl %c[x87]+24(%[in])\n\t"
#define SAVE_X87                                                                   \
    "fstpl %c[x87]+24(%[out])\n\tfstpl %c[x87]+16(%[out])\n\t"                      \
    "fstpl %c[x87]+8(%[out])\n\tfstpl %c[x87](%[out])\n\t"                          \
    "fnstcw %c[cw](%[out])\n\tstmxcsr %c[mx](%[out])\n\tfninit\n\t"

#define TURN(load, save, after)                                                               \
    __asm__ volatile(EACH_VECTOR(load) LOAD_X87 HAND_OVER EACH_VECTOR(save) SAVE_X87 after    \
                     "ldmxcsr %[usual]\n\t"                                                   \
                     :                                                                        \
                     : [in] "r"(in), [out] "r"(out), [byte] "r"(&byte), [wfd] "r"(p->write_fd), \
                       [rfd] "r"(p->read_fd), [usual] "m"(usual),                             \
                       [x87] "i"(offsetof(struct state, x87)),                                \
                       [cw] "i"(offsetof(struct state, control)),                             \
                       [mx] "i"(offsetof(struct state, mxcsr))                                \
                     : "rax", "rcx", "rdx", "rdi", "rsi", "r11", "memory", "cc", "xmm0",      \
                       "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",        \
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")

static void turn(const struct player *p, const struct state *in, struct state *out)
{
    const uint32_t usual = 0x1f80;
    char byte = 0;

    if (has_avx)
        TURN(LOAD_AVX, SAVE_AVX, "vzeroupper\n\t");
    else
        TURN(LOAD_SSE, SAVE_SSE, "");
}

static void pattern_make(struct state *s, unsigned number, int turn_number)
{
    memset(s, 0, sizeof(*s));
    for (int v = 0; v < VECTORS; v++)
        memset(s->vector[v], (int)(number * 101 + (unsigned)v * 7 + (unsigned)turn_number),
               has_avx ? VECTOR_SIZE : VECTOR_SIZE / 2);
    for (int i = 0; i < X87_VALUES; i++)
        s->x87[i] = number * 1000 + i + turn_number / 16384.0;
    s->mxcsr = number ? 0x1f80 : 0x7f80; /* rounding differs */
    s->control = number ? 0x037f : 0x0f7f;
}

static void *play(void *argument)
{
    struct player *p = argument;
    struct rusage usage;
    struct state in, out;
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(processor, &cpus);
    if (pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus) != 0)
        p->failed = 1;
    for (int i = 0; i < SWITCHES && !p->failed; i++) {
        pattern_make(&in, p->number, i);
        memset(&out, 0, sizeof(out));
        turn(p, &in, &out);
        if (memcmp(&in, &out, offsetof(struct state, control) + sizeof(in.control)) != 0) {
            printf("fpu: thread %u lost state in turn %d\n", p->number, i);
            p->failed = 1;
        }
    }
    getrusage(RUSAGE_THREAD, &usage);
    p->switches = usage.ru_nvcsw + usage.ru_nivcsw;
    close(p->write_fd);
    return NULL;
}

int main(int argc, char **argv)
{
    struct player players[2];
    pthread_t threads[2];
    int there[2], back[2];

    processor = argc > 1 ? (size_t)atoi(argv[1]) : 0;
    has_avx = __builtin_cpu_supports("avx");
    if (pipe(there) || pipe(back))
        return 2;
    players[0] = (struct player){ .read_fd = back[0], .write_fd = there[1], .number = 0 };
    players[1] = (struct player){ .read_fd = there[0], .write_fd = back[1], .number = 1 };
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, play, &players[i]))
            return 2;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);

    long switches = players[0].switches + players[1].switches;
    printf("fpu: %ld switches on processor %zu with %s\n", switches, processor,
           has_avx ? "AVX" : "SSE");
    if (switches < SWITCHES) {
        printf("fpu: fewer than %d switches\n", SWITCHES);
        return 1;
    }
    return players[0].failed || players[1].failed;
}
