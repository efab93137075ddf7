/* SPDX-License-Identifier: MIT */
/*
 * Store client. The ring page's indices are the other end's to write: each is read once, and a
 * distance above the ring's size ends all traffic. Lengths in answers are checked the same way.
 */
#include "lamina/event.h"
#include "lamina/hypercall.h"
#include "lamina/paging.h"
#include "lamina/ring.h"
#include "lamina/store.h"
#include "lamina/text.h"
#include "public/errno.h"
#include "public/io/xs_wire.h"

#define EVENTS     8u
#define EVENT_PATH 256u

static struct {
    struct xenstore_domain_interface *ring;
    evtchn_port_t port;
    uint32_t request;
    bool is_broken;
    char events[EVENTS][EVENT_PATH]; /* paths, oldest at `first` */
    unsigned first, nr_events;
} store;

long store_init(void)
{
    if (!start_info->store_evtchn)
        return -XEN_ENODEV;
    store.port = start_info->store_evtchn;
    store.ring = pfn_to_virt(mfn_to_pfn(start_info->store_mfn));
    return 0;
}

/* ---- bytes ---- */

static long broken(void)
{
    store.is_broken = true;
    return -XEN_EIO;
}


static long send(const void *bytes, size_t size)
{
    const char *from = bytes;

    while (size) {
        uint32_t prod = store.ring->req_prod;
        uint32_t cons = __atomic_load_n(&store.ring->req_cons, __ATOMIC_ACQUIRE);
        uint32_t room = XENSTORE_RING_SIZE - (prod - cons);

        if (prod - cons > XENSTORE_RING_SIZE)
            return broken();
        if (!room) {
            long error = event_wait(store.port, 0);

            if (error)
                return error;
            continue;
        }
        for (; room && size; room--, size--)
            store.ring->req[MASK_XENSTORE_IDX(prod++)] = *from++;
        __atomic_store_n(&store.ring->req_prod, prod, __ATOMIC_RELEASE);
        event_send(store.port);
    }
    return 0;
}

/* Takes exactly `size` bytes; bytes NULL: throws them away. */
static long receive(void *bytes, size_t size, uint64_t deadline_ns)
{
    char *to = bytes;

    while (size) {
        uint32_t cons = store.ring->rsp_cons;
        uint32_t prod = __atomic_load_n(&store.ring->rsp_prod, __ATOMIC_ACQUIRE);
        uint32_t there = prod - cons;

        if (there > XENSTORE_RING_SIZE)
            return broken();
        if (!there) {
            long error = event_wait(store.port, deadline_ns);

            if (error)
                return error;
            continue;
        }
        deadline_ns = 0; /* a message that has begun comes whole */
        for (; there && size; there--, size--, cons++)
            if (to)
                *to++ = store.ring->rsp[MASK_XENSTORE_IDX(cons)];
        __atomic_store_n(&store.ring->rsp_cons, cons, __ATOMIC_RELEASE);
        event_send(store.port);
    }
    return 0;
}

/* ---- messages ---- */

/* Takes a payload of `len` bytes, of which `size` are kept. */
static long receive_payload(char *bytes, size_t size, uint32_t len)
{
    size_t kept = len < size ? len : size;
    long error = receive(bytes, kept, 0);

    return error ? error : receive(NULL, len - kept, 0);
}

static long event_keep(uint32_t len)
{
    char *path = store.events[(store.first + store.nr_events) % EVENTS];
    long error;

    if (store.nr_events == EVENTS)
        return receive_payload(NULL, 0, len);
    error = receive_payload(path, EVENT_PATH - 1, len);
    path[len < EVENT_PATH ? len : EVENT_PATH - 1] = '\0';
    if (!error)
        store.nr_events++;
    return error;
}

/* The next answer's header; events that come before it are kept. */
static long receive_header(struct xsd_sockmsg *header)
{
    for (;;) {
        long error = receive(header, sizeof(*header), 0);

        if (error)
            return error;
        if (header->len > XENSTORE_PAYLOAD_MAX)
            return broken();
        if (header->type != XS_WATCH_EVENT)
            return 0;
        error = event_keep(header->len);
        if (error)
            return error;
    }
}

static const struct {
    const char *name;
    long error;
} errors[] = {
    { "EINVAL", -XEN_EINVAL }, { "EACCES", -XEN_EACCES }, { "EEXIST", -XEN_EEXIST },
    { "EISDIR", -XEN_EISDIR }, { "ENOENT", -XEN_ENOENT }, { "ENOMEM", -XEN_ENOMEM },
    { "ENOSPC", -XEN_ENOSPC }, { "EIO", -XEN_EIO },       { "ENOTEMPTY", -XEN_ENOTEMPTY },
    { "ENOSYS", -XEN_ENOSYS }, { "EROFS", -XEN_EROFS },   { "EBUSY", -XEN_EBUSY },
    { "EAGAIN", -XEN_EAGAIN }, { "EISCONN", -XEN_EISCONN }, { "E2BIG", -XEN_E2BIG },
    { "EPERM", -XEN_EPERM },
};

static long error_of(const char *name)
{
    for (unsigned i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (__builtin_memcmp(errors[i].name, name, __builtin_strlen(errors[i].name) + 1) == 0)
            return errors[i].error;
    return -XEN_EINVAL;
}

static long receive_error(uint32_t len)
{
    char name[16];
    long error = receive_payload(name, sizeof(name) - 1, len);

    name[len < sizeof(name) ? len : sizeof(name) - 1] = '\0';
    return error ? error : error_of(name);
}

/* A piece of a request: bytes that follow each other in the payload. */
struct piece {
    const char *bytes;
    size_t size;
};

static struct piece text(const char *string, bool with_nul)
{
    return (struct piece){ string, __builtin_strlen(string) + with_nul };
}

/* One request and its answer, of which at most `size` bytes fit; returns the answer's bytes. */
static long request(uint32_t type, uint32_t tx, const struct piece piece[2], char *answer,
                    size_t size)
{
    size_t len = piece[0].size + piece[1].size;
    struct xsd_sockmsg header = { .type = type, .req_id = ++store.request, .tx_id = tx };
    long error;

    if (!store.ring)
        return -XEN_ENODEV;
    if (store.is_broken)
        return -XEN_EIO;
    if (len > XENSTORE_PAYLOAD_MAX)
        return -XEN_E2BIG;
    header.len = (uint32_t)len;
    error = send(&header, sizeof(header));
    for (unsigned i = 0; i < 2 && !error; i++)
        error = send(piece[i].bytes, piece[i].size);
    if (!error)
        error = receive_header(&header);
    if (error)
        return error;
    if (header.req_id != store.request || (header.type != type && header.type != XS_ERROR))
        return broken();
    if (header.type == XS_ERROR)
        return receive_error(header.len);
    error = receive_payload(answer, size, header.len);
    return error ? error : (long)header.len;
}

/* A request whose answer says nothing but that it was done. */
static long order(uint32_t type, uint32_t tx, struct piece first, struct piece second)
{
    long ret = request(type, tx, (struct piece[]){ first, second }, NULL, 0);

    return ret < 0 ? ret : 0;
}

/* ---- the verbs ---- */

static const struct piece nothing = { NULL, 0 };

long store_read(uint32_t tx, const char *path, char *value, size_t size)
{
    long len = request(XS_READ, tx, (struct piece[]){ text(path, true), nothing }, value,
                       size - 1);

    if (len < 0)
        return len;
    if ((size_t)len >= size)
        return -XEN_E2BIG;
    value[len] = '\0';
    return len;
}

long store_read_number(uint32_t tx, const char *path, uint64_t *value)
{
    char digits[24];
    long len = store_read(tx, path, digits, sizeof(digits));

    return len < 0 ? len : text_number(digits, value);
}

long store_list(uint32_t tx, const char *path, char *names, size_t size)
{
    long len = request(XS_DIRECTORY, tx, (struct piece[]){ text(path, true), nothing }, names,
                       size);

    return len > 0 && (size_t)len > size ? -XEN_E2BIG : len;
}

long store_write(uint32_t tx, const char *path, const char *value)
{
    return order(XS_WRITE, tx, text(path, true), text(value, false));
}

long store_write_number(uint32_t tx, const char *path, uint64_t value)
{
    char digits[24];

    text_format(digits, sizeof(digits), "%lu", value);
    return store_write(tx, path, digits);
}

long store_remove(uint32_t tx, const char *path)
{
    return order(XS_RM, tx, text(path, true), nothing);
}

long store_begin(uint32_t *tx)
{
    char digits[24];
    uint64_t number;
    long len = request(XS_TRANSACTION_START, 0, (struct piece[]){ text("", true), nothing },
                       digits, sizeof(digits) - 1);

    if (len < 0)
        return len;
    digits[(size_t)len < sizeof(digits) ? (size_t)len : sizeof(digits) - 1] = '\0';
    if (text_number(digits, &number) || number > UINT32_MAX)
        return broken();
    *tx = (uint32_t)number;
    return 0;
}

long store_end(uint32_t tx, bool is_commit)
{
    return order(XS_TRANSACTION_END, tx, text(is_commit ? "T" : "F", true), nothing);
}

long store_watch(const char *path, const char *token)
{
    return order(XS_WATCH, 0, text(path, true), text(token, true));
}

long store_unwatch(const char *path, const char *token)
{
    return order(XS_UNWATCH, 0, text(path, true), text(token, true));
}

long store_wait(char *path, size_t size, uint64_t deadline_ns)
{
    struct xsd_sockmsg header;

    if (!store.ring)
        return -XEN_ENODEV;
    while (!store.nr_events) {
        long error = store.is_broken ? -XEN_EIO : receive(&header, sizeof(header), deadline_ns);

        if (error)
            return error;
        if (header.type != XS_WATCH_EVENT || header.len > XENSTORE_PAYLOAD_MAX)
            return broken();
        error = event_keep(header.len);
        if (error)
            return error;
    }
    text_format(path, size, "%s", store.events[store.first]);
    store.first = (store.first + 1) % EVENTS;
    store.nr_events--;
    return 0;
}
