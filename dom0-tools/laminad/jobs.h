/* SPDX-License-Identifier: MIT */
/*
 * Jobs: what is done to domains, each in a child process, so that a slow one (a kernel to unpack, a
 * back end that does not let go) holds up nobody. A job has a key; of one key there is one job at a
 * time. One that fails may be tried again after a while, which grows from try to try.
 */
#ifndef LAMINA_LAMINAD_JOBS_H
#define LAMINA_LAMINAD_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/timer.h"

#define JOBS_RUNNING_MAX 8 /* children at a time */
#define JOB_KEY_SIZE     128

#define JOB_RETRY_FIRST_NS ((uint64_t)10000000000)  /* 10 s, then twice that, and so on ... */
#define JOB_RETRY_MAX_NS   ((uint64_t)600000000000) /* ... up to 10 minutes */

struct job;

struct jobs {
    struct loop *loop;
    struct job *list;
    unsigned nr_running;
    struct timer timer;               /* of the next try */
    void (*on_change)(void *context); /* a job ended, or its time has come: look for work again */
    void *context;
};

int jobs_open(struct jobs *jobs, struct loop *loop, void (*on_change)(void *context), void *context)
    __attribute__((warn_unused_result));

/* Children go on without us. */
void jobs_close(struct jobs *jobs);

/*
 * Runs work(argument) in a child whose exit code it returns; 0 is success. Does nothing while a job
 * of the key runs or waits, or all places are taken (on_change comes when one is free). -ENOMEM:
 * nothing was done, and nothing will be without being asked again; else 0.
 */
int job_start(struct jobs *jobs, const char *key, int (*work)(void *argument), void *argument)
    __attribute__((warn_unused_result));

/* What the daemon's search for work asks for: between begin and end, jobs that wait for their next
 * try and were not asked for again are forgotten. */
void jobs_begin_search(struct jobs *jobs);
void jobs_end_search(struct jobs *jobs);

#endif
