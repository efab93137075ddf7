/* SPDX-License-Identifier: MIT */
/*
 * Ends: publishing, watching and closing them.
 */
#include "device/ends.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "public/io/xenbus.h"

/* A link for each back end that the kernel serves. */
#define BACKEND_DEVICES "/sys/bus/xen-backend/devices"

static int write_nodes(struct store_client *store, store_tx_t tx,
                       const struct device_address *address, const struct device_node *nodes,
                       void (*place)(const struct device_address *address, const char *name,
                                     char path[DEVICE_PATH]))
{
    char path[DEVICE_PATH];
    int rc = 0;

    for (; rc == 0 && nodes->name; nodes++) {
        place(address, nodes->name, path);
        rc = store_write(store, tx, path, nodes->value);
    }
    return rc;
}

/* A folder anew; what is made in it inherits its permissions. */
static int make_folder(struct store_client *store, store_tx_t tx, const char *path,
                       const char *format, unsigned domid)
{
    char perms[24];
    int rc = store_rm(store, tx, path);

    if (rc == 0)
        rc = store_mkdir(store, tx, path);
    snprintf(perms, sizeof(perms), format, domid);
    return rc ? rc : store_set_perms(store, tx, path, perms);
}

static int publish(struct store_client *store, store_tx_t tx, const struct device_address *address,
                   const struct device_node *back, const struct device_node *front)
{
    char back_path[DEVICE_PATH], front_path[DEVICE_PATH], domid[12];

    device_backend(address, "", back_path);
    device_frontend(address, "", front_path);
    snprintf(domid, sizeof(domid), "%u", address->domid);
    const struct device_node both_back[] = {
        { "frontend", front_path }, { "frontend-id", domid }, { "online", "1" }, { NULL, NULL }
    };
    const struct device_node both_front[] = {
        { "backend", back_path }, { "backend-id", "0" }, { "trusted", "1" }, { NULL, NULL }
    };
    /* The states come last: whoever sees one sees all the rest. */
    const struct device_node state[] = { { "state", "1" }, { NULL, NULL } };

    int rc = make_folder(store, tx, back_path, "n0 r%u", address->domid);
    if (rc == 0)
        rc = make_folder(store, tx, front_path, "n%u r0", address->domid);
    if (rc == 0)
        rc = write_nodes(store, tx, address, both_back, device_backend);
    if (rc == 0)
        rc = write_nodes(store, tx, address, back, device_backend);
    if (rc == 0)
        rc = write_nodes(store, tx, address, both_front, device_frontend);
    if (rc == 0)
        rc = write_nodes(store, tx, address, front, device_frontend);
    if (rc == 0)
        rc = write_nodes(store, tx, address, state, device_frontend);
    return rc ? rc : write_nodes(store, tx, address, state, device_backend);
}

int ends_publish(struct store_client *store, const struct device_address *address,
                 const struct device_node *back, const struct device_node *front)
{
    store_tx_t tx;
    int rc;

    do {
        rc = store_begin(store, &tx);
        if (rc)
            return rc;
        rc = publish(store, tx, address, back, front);
        int rc_end = store_end(store, tx, rc == 0);
        rc = rc ? rc : rc_end;
    } while (rc == -EAGAIN);
    return rc;
}

/* A state is one decimal digit; anything else is none. */
static unsigned parse_state(const char *value)
{
    return value && value[0] >= '0' && value[0] <= '8' && value[1] == '\0'
               ? (unsigned)(value[0] - '0')
               : XenbusStateUnknown;
}

int ends_state(struct store_client *store, const struct device_address *address, unsigned *state)
{
    char path[DEVICE_PATH], *value;

    device_backend(address, "state", path);
    int rc = store_read(store, 0, path, &value, NULL);
    *state = parse_state(value);
    free(value);
    return rc == -ENOENT ? 0 : rc;
}

static int is_set_up(void *context, const char *value)
{
    unsigned state = parse_state(value);

    (void)context;
    if (state == XenbusStateUnknown || state == XenbusStateClosing || state == XenbusStateClosed)
        return -EIO;
    return state >= XenbusStateInitWait;
}

/* The kernel's own words, from where only dom0 writes. */
static int say_error(struct store_client *store, const struct device_address *address,
                     struct failure *failure)
{
    char path[DEVICE_PATH], *text = NULL;

    snprintf(path, sizeof(path), "/local/domain/0/error/backend/%s/%u/%u/error",
             device_class(address->kind), address->domid, address->id);
    int rc = store_read(store, 0, path, &text, NULL);
    rc = failure_set(failure, FAILURE_OPERATION, -EIO, "%s %u: the back end gave up%s%.200s",
                     device_word(address->kind), address->id, rc == 0 ? ": " : "",
                     rc == 0 ? text : "");
    free(text);
    return rc;
}

static const char *driver_folder(enum device_kind kind)
{
    return kind == DEVICE_DISK ? "/sys/bus/xen-backend/drivers/vbd"
                               : "/sys/bus/xen-backend/drivers/vif";
}

int ends_await(struct store_client *store, const struct device_address *address,
               struct failure *failure)
{
    char path[DEVICE_PATH];

    device_backend(address, "state", path);
    int rc = store_wait(store, path, BACKEND_MS, is_set_up, NULL);
    if (rc == -EIO)
        return say_error(store, address, failure);
    if (rc == -ETIMEDOUT && access(driver_folder(address->kind), F_OK) != 0)
        return failure_set(failure, FAILURE_OPERATION, rc,
                           "%s %u: dom0's kernel has no back end; modprobe xen-%sback",
                           device_word(address->kind), address->id,
                           address->kind == DEVICE_DISK ? "blk" : "net");
    if (rc)
        return failure_set(failure, FAILURE_OPERATION, rc,
                           "%s %u is not set up by dom0's back end within %d s",
                           device_word(address->kind), address->id, BACKEND_MS / 1000);
    return 0;
}

/*
 * A back end that was just being set up may overwrite our Closing with InitWait. With the front end
 * gone it is closed then as well: it has met nobody, and holds nothing of a guest.
 */
static int is_closed(void *context, const char *value)
{
    const bool *force = context;
    unsigned state = parse_state(value);

    return !value || state == XenbusStateClosed || (*force && state == XenbusStateInitWait);
}

/* Both ends before they met: nobody is there who could close the front end. */
static bool never_met(struct store_client *store, const struct device_address *address,
                      unsigned back)
{
    char path[DEVICE_PATH], *value;

    if (back != XenbusStateInitialising && back != XenbusStateInitWait)
        return false;
    device_frontend(address, "state", path);
    if (store_read(store, 0, path, &value, NULL) != 0)
        return true;
    unsigned front = parse_state(value);
    free(value);
    return front == XenbusStateUnknown || front == XenbusStateInitialising;
}

/*
 * Whether the kernel has no such back end any more, though its state says otherwise: it dropped it
 * when the front end's nodes went with the domain. Asked once Closing is written: a back end that
 * is found now will see that when it goes, and say Closed.
 */
static bool is_dropped(const struct device_address *address)
{
    char path[96];

    snprintf(path, sizeof(path), BACKEND_DEVICES "/%s-%u-%u", device_class(address->kind),
             address->domid, address->id);
    return access(BACKEND_DEVICES, F_OK) == 0 && access(path, F_OK) != 0;
}

static int ask_to_close(struct store_client *store, store_tx_t tx,
                        const struct device_address *address, bool force)
{
    char path[DEVICE_PATH], *value;

    device_backend(address, "state", path);
    int rc = store_read(store, tx, path, &value, NULL);
    bool is_there = rc == 0;
    unsigned state = parse_state(value);
    free(value);
    if (rc && rc != -ENOENT)
        return rc;
    rc = 0;
    if (is_there && state != XenbusStateClosing && state != XenbusStateClosed)
        rc = store_write(store, tx, path, "5");
    device_backend(address, "online", path);
    if (rc == 0 && is_there)
        rc = store_write(store, tx, path, "0");
    device_frontend(address, "", path);
    return rc == 0 && force ? store_rm(store, tx, path) : rc;
}

int ends_close(struct store_client *store, const struct device_address *address, bool force,
               int timeout_ms)
{
    char path[DEVICE_PATH];
    unsigned state;
    store_tx_t tx;
    int rc = ends_state(store, address, &state);

    if (rc)
        return rc;
    force = force || never_met(store, address, state);
    do {
        rc = store_begin(store, &tx);
        if (rc)
            return rc;
        rc = ask_to_close(store, tx, address, force);
        int rc_end = store_end(store, tx, rc == 0);
        rc = rc ? rc : rc_end;
    } while (rc == -EAGAIN);
    if (rc || is_dropped(address))
        return rc;
    device_backend(address, "state", path);
    return store_wait(store, path, timeout_ms, is_closed, &force);
}
