/* SPDX-License-Identifier: MIT */
/*
 * Jobs: children, known by process descriptors.
 */
#include "laminad/jobs.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/daemon.h"

struct job {
    struct loop_source source; /* first; the child's descriptor while it runs, else negative */
    struct jobs *jobs;
    struct job *next;
    char key[JOB_KEY_SIZE];
    unsigned nr_failures;
    uint64_t retry_ns; /* of the next try */
    bool is_wanted;
};

static bool is_running(const struct job *job)
{
    return job->source.fd >= 0;
}

static void set_timer(struct jobs *jobs)
{
    uint64_t first = UINT64_MAX;

    for (const struct job *job = jobs->list; job; job = job->next)
        if (!is_running(job) && job->retry_ns < first)
            first = job->retry_ns;
    int rc = timer_set(&jobs->timer, first != UINT64_MAX ? first : 0);
    if (rc)
        daemon_log(LOG_ERR, "timer: %s", strerror(-rc));
}

int jobs_open(struct jobs *jobs, struct loop *loop, void (*on_change)(void *context), void *context)
{
    *jobs = (struct jobs){ .loop = loop, .on_change = on_change, .context = context };
    return timer_open(&jobs->timer, loop, on_change, context);
}

static struct job *job_find(const struct jobs *jobs, const char *key)
{
    struct job *job = jobs->list;

    while (job && strcmp(job->key, key) != 0)
        job = job->next;
    return job;
}

static void job_free(struct job *job)
{
    struct job **slot = &job->jobs->list;

    while (*slot != job)
        slot = &(*slot)->next;
    *slot = job->next;
    if (is_running(job)) {
        loop_remove(job->jobs->loop, &job->source);
        close(job->source.fd);
    }
    free(job);
}

void jobs_close(struct jobs *jobs)
{
    while (jobs->list)
        job_free(jobs->list);
    timer_close(&jobs->timer);
}

static void job_failed(struct job *job)
{
    uint64_t delay = JOB_RETRY_FIRST_NS << (job->nr_failures < 6 ? job->nr_failures : 6);

    job->nr_failures++;
    job->retry_ns = clock_now_ns() + (delay < JOB_RETRY_MAX_NS ? delay : JOB_RETRY_MAX_NS);
    set_timer(job->jobs);
}

/* The child has ended. */
static void child_ready(struct loop_source *source, uint32_t events)
{
    struct job *job = (struct job *)source;
    struct jobs *jobs = job->jobs;
    siginfo_t info = { 0 };

    (void)events;
    if (waitid(P_PIDFD, (id_t)source->fd, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
        return;
    loop_remove(jobs->loop, source);
    close(source->fd);
    source->fd = -1;
    jobs->nr_running--;
    if (info.si_code == CLD_EXITED && info.si_status == 0)
        job_free(job);
    else
        job_failed(job);
    jobs->on_change(jobs->context);
}

/* A child begins without the signals' mask of the loop, and ends without the parent's clean-up. */
static void child_run(int (*work)(void *argument), void *argument)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    _exit(work(argument));
}

static int spawn(struct job *job, int (*work)(void *argument), void *argument)
{
    pid_t child = fork();

    if (child < 0)
        return -errno;
    if (child == 0)
        child_run(work, argument);
    /* Nobody else waits for it, so its number is its own until we have. */
    int fd = pidfd_open(child, 0);
    job->source = (struct loop_source){ fd, child_ready };
    int rc = fd < 0 ? -errno : loop_add(job->jobs->loop, &job->source, EPOLLIN);
    if (rc == 0) {
        job->jobs->nr_running++;
        return 0;
    }
    /* A child whose end nobody sees would be a second one beside the next try. */
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    if (fd >= 0)
        close(fd);
    job->source.fd = -1;
    return rc;
}

static struct job *job_new(struct jobs *jobs, const char *key)
{
    struct job *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    snprintf(job->key, sizeof(job->key), "%s", key);
    job->source.fd = -1;
    job->jobs = jobs;
    job->next = jobs->list;
    jobs->list = job;
    return job;
}

int job_start(struct jobs *jobs, const char *key, int (*work)(void *argument), void *argument)
{
    struct job *job = job_find(jobs, key);

    if (job)
        job->is_wanted = true;
    if (job && (is_running(job) || clock_now_ns() < job->retry_ns))
        return 0;
    if (jobs->nr_running >= JOBS_RUNNING_MAX)
        return 0;
    if (!job)
        job = job_new(jobs, key);
    int rc = job ? spawn(job, work, argument) : -ENOMEM;
    if (rc)
        daemon_log(LOG_ERR, "cannot start a process for %s: %s", key, strerror(-rc));
    if (rc && job)
        job_failed(job);
    return job ? 0 : -ENOMEM;
}

void jobs_begin_search(struct jobs *jobs)
{
    for (struct job *job = jobs->list; job; job = job->next)
        job->is_wanted = false;
}

void jobs_end_search(struct jobs *jobs)
{
    for (struct job *job = jobs->list, *next; job; job = next) {
        next = job->next;
        if (!job->is_wanted && !is_running(job))
            job_free(job);
    }
    set_timer(jobs);
}
