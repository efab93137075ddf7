/* SPDX-License-Identifier: MIT */
/*
 * Clock drift: the kernel's clock against the real-time clock chip over some seconds. The chip
 * only tells whole seconds, so an interval runs from one change of its second to another; a change
 * is seen by asking it again and again; one that came while the machine was held up, so that it is
 * not known to a millisecond, is not used. At most 1 ms a second may differ, and the clock must
 * never step back meanwhile.
 */
#include <fcntl.h>
#include <linux/rtc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define DRIFT_MAX_NS_PER_SECOND 1000000
#define LOOK_MAX_NS             2000000
#define EDGES_MAX               60

struct edge {
    int64_t chip_s;
    int64_t clock_ns;
};

static int64_t clock_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t chip_now_s(int fd)
{
    struct rtc_time t;

    if (ioctl(fd, RTC_RD_TIME, &t) != 0) {
        perror("clock_drift: RTC_RD_TIME");
        exit(2);
    }
    return (t.tm_hour * 60 + t.tm_min) * 60 + t.tm_sec;
}

/* The next change of the chip's second, and the clock in the middle of the last two looks. */
static struct edge next_edge(int fd, int64_t *look_ns)
{
    int64_t first = chip_now_s(fd), now = first, before = clock_now_ns(), after = before;

    while (now == first) {
        before = after;
        now = chip_now_s(fd);
        after = clock_now_ns();
        if (after < before) {
            printf("clock_drift: the clock stepped back by %lld ns\n", (long long)(before - after));
            exit(1);
        }
    }
    *look_ns = after - before;
    return (struct edge){ now, before + *look_ns / 2 };
}

static struct edge edge_wait(int fd)
{
    for (unsigned i = 0; i < EDGES_MAX; i++) {
        int64_t look_ns;
        struct edge edge = next_edge(fd, &look_ns);

        if (look_ns <= LOOK_MAX_NS)
            return edge;
    }
    printf("clock_drift: %u changes of the second, none seen within %u us\n", EDGES_MAX,
           LOOK_MAX_NS / 1000);
    exit(2);
}

int main(int argc, char **argv)
{
    int seconds = argc > 1 ? atoi(argv[1]) : 10;
    int fd = open("/dev/rtc0", O_RDONLY);

    if (fd < 0) {
        perror("clock_drift: /dev/rtc0");
        return 2;
    }
    struct edge begin = edge_wait(fd);
    struct timespec pause = { .tv_sec = seconds - 1 };
    nanosleep(&pause, NULL);
    struct edge end = edge_wait(fd);

    int64_t chip_s = (end.chip_s - begin.chip_s + 86400) % 86400;
    int64_t drift_ns = end.clock_ns - begin.clock_ns - chip_s * 1000000000;
    printf("clock_drift: %lld us in %lld s\n", (long long)(drift_ns / 1000), (long long)chip_s);
    if (chip_s < seconds - 1)
        return 1;
    return llabs(drift_ns) <= chip_s * DRIFT_MAX_NS_PER_SECOND ? 0 : 1;
}
