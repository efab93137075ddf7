/* SPDX-License-Identifier: MIT */
/*
 * Stand-ins for the kernel.
 */
#include "kernel.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/bridge.h"
#include "device/loop.h"
#include "store/link.h"

struct fake_kernel *fake;
static unsigned steps_left;

static void step(void)
{
    if (steps_left > 0 && --steps_left == 0)
        _exit(DIED);
}

void fake_die_at(unsigned number)
{
    steps_left = number;
}

void fake_begin(void)
{
    fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(fake != MAP_FAILED);
    strcpy(fake->bridge, "br0");
    fake->has_back_ends = true;
    fake->guest_lets_go = true;
}

void fake_end(void)
{
    munmap(fake, sizeof(*fake));
}

/* ---- every request to the store is a step ---- */

int __real_link_request(struct store_client *client, enum xsd_sockmsg_type type, store_tx_t tx,
                        const void *payload, size_t size, struct message *reply, bool *is_repeated);
int __wrap_link_request(struct store_client *client, enum xsd_sockmsg_type type, store_tx_t tx,
                        const void *payload, size_t size, struct message *reply, bool *is_repeated);
int __real_link_request_path(struct store_client *client, enum xsd_sockmsg_type type, store_tx_t tx,
                             const char *path, const void *argument, size_t size,
                             struct message *reply);
int __wrap_link_request_path(struct store_client *client, enum xsd_sockmsg_type type, store_tx_t tx,
                             const char *path, const void *argument, size_t size,
                             struct message *reply);

int __wrap_link_request(struct store_client *client, enum xsd_sockmsg_type type, store_tx_t tx,
                        const void *payload, size_t size, struct message *reply, bool *is_repeated)
{
    step();
    return __real_link_request(client, type, tx, payload, size, reply, is_repeated);
}

int __wrap_link_request_path(struct store_client *client, enum xsd_sockmsg_type type, store_tx_t tx,
                             const char *path, const void *argument, size_t size,
                             struct message *reply)
{
    step();
    return __real_link_request_path(client, type, tx, path, argument, size, reply);
}

/* ---- loop devices ---- */

int loop_find_free(unsigned *number)
{
    step();
    for (*number = 0; *number < FAKE_LOOPS; ++*number)
        if (!fake->loops[*number].in_use)
            return 0;
    return -ENOSPC;
}

int loop_attach(unsigned number, int fd, uint64_t offset, uint64_t size, bool readonly,
                const char *tag, dev_t *device)
{
    step();
    if (fake->nr_stolen > 0) {
        fake->nr_stolen--;
        fake->loops[number].in_use = true;
    }
    if (fake->loops[number].in_use)
        return -EBUSY;
    struct loop_info64 *info = &fake->loops[number].info;
    memset(info, 0, sizeof(*info));
    info->lo_offset = offset;
    info->lo_sizelimit = size;
    info->lo_flags = readonly ? (uint32_t)LO_FLAGS_READ_ONLY : 0;
    info->lo_inode = (uint64_t)fd;
    snprintf((char *)info->lo_file_name, LO_NAME_SIZE, "%s", tag);
    fake->loops[number].in_use = true;
    *device = makedev(7, number);
    return 0;
}

int loop_detach(unsigned number, const char *tag)
{
    step();
    if (number < FAKE_LOOPS && fake->loops[number].in_use &&
        strcmp((char *)fake->loops[number].info.lo_file_name, tag) == 0)
        memset(&fake->loops[number], 0, sizeof(fake->loops[number]));
    return 0;
}

int loop_status(unsigned number, struct loop_info64 *info)
{
    if (number >= FAKE_LOOPS || !fake->loops[number].in_use)
        return -ENXIO;
    *info = fake->loops[number].info;
    return 0;
}

/* ---- bridges ---- */

int bridge_find(const char *name)
{
    step();
    if (strcmp(name, "eth0") == 0)
        return -ENOTSUP;
    return strcmp(name, fake->bridge) == 0 ? 0 : -ENODEV;
}

int bridge_make(const char *name)
{
    step();
    snprintf(fake->bridge, sizeof(fake->bridge), "%s", name);
    return 0;
}

int bridge_add_port(const struct port_settings *settings)
{
    size_t used = strlen(fake->ports);

    step();
    if (settings->rename && strcmp(settings->rename, "taken") == 0)
        return -EEXIST;
    snprintf(fake->ports + used, sizeof(fake->ports) - used, "%s>%s%s ",
             settings->rename ? settings->rename : settings->name, settings->bridge,
             settings->up ? "" : " down");
    return 0;
}

/* ---- back ends ---- */

static pid_t back_ends;

enum { FAKE_PATH = 512 };

static void join(char path[FAKE_PATH], const char *folder, const char *name)
{
    ck_assert_int_lt(snprintf(path, FAKE_PATH, "%s/%s", folder, name), FAKE_PATH);
}

static unsigned read_state(struct store_client *store, const char *folder)
{
    char path[FAKE_PATH], *value;
    unsigned state = 0;

    join(path, folder, "state");
    if (store_read(store, 0, path, &value, NULL) == 0)
        state = (unsigned)strtoul(value, NULL, 10);
    free(value);
    return state;
}

/* Writes it only if nobody else wrote meanwhile. */
static void change_state(struct store_client *store, const char *folder, unsigned from,
                         const char *to)
{
    char path[FAKE_PATH];
    store_tx_t tx;

    join(path, folder, "state");
    do {
        char *value;
        ck_assert_int_eq(store_begin(store, &tx), 0);
        if (store_read(store, tx, path, &value, NULL) == 0 && strtoul(value, NULL, 10) == from)
            ck_assert_int_eq(store_write(store, tx, path, to), 0);
        free(value);
    } while (store_end(store, tx, true) == -EAGAIN);
}

static void serve_one(struct store_client *store, const char *back)
{
    char path[FAKE_PATH], *front;

    join(path, back, "frontend");
    if (store_read(store, 0, path, &front, NULL) != 0)
        return;
    unsigned mine = read_state(store, back), its = read_state(store, front);
    if (mine == 1)
        change_state(store, back, mine, fake->gives_up ? "5" : "2");
    else if (mine == 5 && (its == 0 || its == 6))
        change_state(store, back, mine, "6");
    else if (mine == 5 && its != 1 && fake->guest_lets_go)
        change_state(store, front, its, "6");
    free(front);
}

static void serve_below(struct store_client *store, const char *folder, int levels)
{
    char path[FAKE_PATH], **names;
    size_t nr;

    if (store_list(store, 0, folder, &names, &nr) != 0)
        return;
    for (size_t i = 0; i < nr; i++) {
        join(path, folder, names[i]);
        if (levels > 0)
            serve_below(store, path, levels - 1);
        else
            serve_one(store, path);
    }
    free(names);
}

static void serve(void)
{
    struct store_client *store;
    struct store_event event;

    ck_assert_int_eq(store_open(&store, 10000), 0);
    ck_assert_int_eq(store_watch(store, "/local/domain/0/backend", "back"), 0);
    ck_assert_int_eq(store_watch(store, "/local/domain/3/device", "front"), 0);
    for (;;) {
        struct pollfd fd = { .fd = store_fd(store), .events = POLLIN };
        if (store_next_event(store, &event) == 0) {
            (void)poll(&fd, 1, -1);
            continue;
        }
        if (fake->has_back_ends)
            serve_below(store, "/local/domain/0/backend", 2);
        store_event_free(&event);
    }
}

/* No thread: a test that forks would have the locks of its threads in the child for ever. */
void fake_back_ends_begin(void)
{
    back_ends = fork();
    ck_assert_int_ge(back_ends, 0);
    if (back_ends > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve();
    _exit(1);
}

void fake_back_ends_end(void)
{
    kill(back_ends, SIGKILL);
    ck_assert_int_eq(waitpid(back_ends, NULL, 0), back_ends);
}
