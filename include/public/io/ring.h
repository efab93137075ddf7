/* SPDX-License-Identifier: MIT */
/*
 * Shared request/response rings of the split drivers. One page (or several) holds four indices and
 * a power-of-two array of slots; the front end puts requests, the back end overwrites them with
 * responses. Indices run freely and are taken modulo the number of slots.
 *
 * The peer may change the shared page at any time: copy a slot out once (RING_COPY_*) before
 * looking at it, and refuse indices for which RING_*_OVERFLOW holds. Users define xen_mb(),
 * xen_rmb() and xen_wmb() as full, read and write barriers.
 * Source: the ring protocol of Xen 4.17's split drivers, whose names the macros have.
 */
#ifndef PUBLIC_IO_RING_H
#define PUBLIC_IO_RING_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t RING_IDX;

/* The largest power of two not above x, x < 2^32, as a constant expression. */
#define RING_FLOOR2(x) RING_FLOOR2_32(x)
#define RING_FLOOR2_2(x) (((x) & 2) ? 2 : ((x) & 1))
#define RING_FLOOR2_4(x) (((x) >> 2) ? RING_FLOOR2_2((x) >> 2) << 2 : RING_FLOOR2_2(x))
#define RING_FLOOR2_8(x) (((x) >> 4) ? RING_FLOOR2_4((x) >> 4) << 4 : RING_FLOOR2_4(x))
#define RING_FLOOR2_16(x) (((x) >> 8) ? RING_FLOOR2_8((x) >> 8) << 8 : RING_FLOOR2_8(x))
#define RING_FLOOR2_32(x) (((x) >> 16) ? RING_FLOOR2_16((x) >> 16) << 16 : RING_FLOOR2_16(x))

/* Slots that fit into size bytes. */
#define __CONST_RING_SIZE(name, size)                                                              \
    RING_FLOOR2((uint32_t)(((size) - offsetof(struct name##_sring, ring)) /                        \
                           sizeof(union name##_sring_entry)))
#define __RING_SIZE(s, size)                                                                       \
    RING_FLOOR2((uint32_t)(((size) - (size_t)((char *)(s)->ring - (char *)(s))) /                  \
                           sizeof((s)->ring[0])))

/* The shared page and both private views of a ring called name. */
#define DEFINE_RING_TYPES(name, req_t, rsp_t)                                                      \
    union name##_sring_entry {                                                                     \
        req_t req;                                                                                 \
        rsp_t rsp;                                                                                 \
    };                                                                                             \
    struct name##_sring {                                                                          \
        RING_IDX req_prod;                                                                         \
        RING_IDX req_event; /* back end wants a notification when req_prod passes it */            \
        RING_IDX rsp_prod;                                                                         \
        RING_IDX rsp_event; /* front end wants a notification when rsp_prod passes it */           \
        uint8_t pvt[4];                                                                            \
        uint8_t __pad[44];                                                                         \
        union name##_sring_entry ring[1]; /* as many as fit */                                     \
    };                                                                                             \
    struct name##_front_ring {                                                                     \
        RING_IDX req_prod_pvt;                                                                     \
        RING_IDX rsp_cons;                                                                         \
        uint32_t nr_ents;                                                                          \
        struct name##_sring *sring;                                                                \
    };                                                                                             \
    struct name##_back_ring {                                                                      \
        RING_IDX rsp_prod_pvt;                                                                     \
        RING_IDX req_cons;                                                                         \
        uint32_t nr_ents;                                                                          \
        struct name##_sring *sring;                                                                \
    };                                                                                             \
    typedef struct name##_sring name##_sring_t;                                                    \
    typedef struct name##_front_ring name##_front_ring_t;                                          \
    typedef struct name##_back_ring name##_back_ring_t

#define SHARED_RING_INIT(s)                                                                        \
    do {                                                                                           \
        size_t ring_i_;                                                                            \
        (s)->req_prod = (s)->rsp_prod = 0;                                                         \
        (s)->req_event = (s)->rsp_event = 1;                                                       \
        for (ring_i_ = 0; ring_i_ < sizeof((s)->pvt); ring_i_++)                                   \
            (s)->pvt[ring_i_] = 0;                                                                 \
        for (ring_i_ = 0; ring_i_ < sizeof((s)->__pad); ring_i_++)                                 \
            (s)->__pad[ring_i_] = 0;                                                               \
    } while (0)

#define FRONT_RING_ATTACH(r, s, i, size)                                                           \
    do {                                                                                           \
        (r)->req_prod_pvt = (i);                                                                   \
        (r)->rsp_cons = (i);                                                                       \
        (r)->nr_ents = __RING_SIZE(s, size);                                                       \
        (r)->sring = (s);                                                                          \
    } while (0)
#define FRONT_RING_INIT(r, s, size) FRONT_RING_ATTACH(r, s, 0, size)
#define XEN_FRONT_RING_INIT(r, s, size)                                                            \
    do {                                                                                           \
        SHARED_RING_INIT(s);                                                                       \
        FRONT_RING_INIT(r, s, size);                                                               \
    } while (0)

#define BACK_RING_ATTACH(r, s, i, size)                                                            \
    do {                                                                                           \
        (r)->rsp_prod_pvt = (i);                                                                   \
        (r)->req_cons = (i);                                                                       \
        (r)->nr_ents = __RING_SIZE(s, size);                                                       \
        (r)->sring = (s);                                                                          \
    } while (0)
#define BACK_RING_INIT(r, s, size) BACK_RING_ATTACH(r, s, 0, size)

#define RING_SIZE(r) ((r)->nr_ents)
#define RING_FREE_REQUESTS(r) (RING_SIZE(r) - ((r)->req_prod_pvt - (r)->rsp_cons))
#define RING_FULL(r) (RING_FREE_REQUESTS(r) == 0)

/* What the peer has put and this side has not taken; requests also need room to be answered. */
#define XEN_RING_NR_UNCONSUMED_RESPONSES(r) ((r)->sring->rsp_prod - (r)->rsp_cons)
#define XEN_RING_NR_UNCONSUMED_REQUESTS(r)                                                         \
    ring_min((r)->sring->req_prod - (r)->req_cons,                                                 \
             RING_SIZE(r) - ((r)->req_cons - (r)->rsp_prod_pvt))
#define RING_HAS_UNCONSUMED_RESPONSES(r) (XEN_RING_NR_UNCONSUMED_RESPONSES(r) != 0)
#define RING_HAS_UNCONSUMED_REQUESTS(r) (XEN_RING_NR_UNCONSUMED_REQUESTS(r) != 0)

/* Returns the lesser of `a` and `b`, each evaluated once. */
static inline RING_IDX ring_min(RING_IDX a, RING_IDX b)
{
    return a < b ? a : b;
}

#define RING_GET_REQUEST(r, idx) (&(r)->sring->ring[(idx) & (RING_SIZE(r) - 1)].req)
#define RING_GET_RESPONSE(r, idx) (&(r)->sring->ring[(idx) & (RING_SIZE(r) - 1)].rsp)

/* Copy a slot into *dest, reading the shared memory exactly once. */
#define RING_COPY_REQUEST(r, idx, dest)                                                            \
    (*(dest) = *(volatile __typeof__(dest))RING_GET_REQUEST(r, idx))
#define RING_COPY_RESPONSE(r, idx, dest)                                                           \
    (*(dest) = *(volatile __typeof__(dest))RING_GET_RESPONSE(r, idx))

/* Indices that no correct peer produces. */
#define RING_REQUEST_CONS_OVERFLOW(r, cons) (((cons) - (r)->rsp_prod_pvt) >= RING_SIZE(r))
#define RING_REQUEST_PROD_OVERFLOW(r, prod) (((prod) - (r)->rsp_prod_pvt) > RING_SIZE(r))
#define RING_RESPONSE_PROD_OVERFLOW(r, prod) (((prod) - (r)->rsp_cons) > RING_SIZE(r))

#define RING_PUSH_REQUESTS(r)                                                                      \
    do {                                                                                           \
        xen_wmb(); /* slots before the index that shows them */                                    \
        (r)->sring->req_prod = (r)->req_prod_pvt;                                                  \
    } while (0)
#define RING_PUSH_RESPONSES(r)                                                                     \
    do {                                                                                           \
        xen_wmb();                                                                                 \
        (r)->sring->rsp_prod = (r)->rsp_prod_pvt;                                                  \
    } while (0)

/* Publish, and say whether the peer asked for a notification within what was published. */
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(r, notify)                                             \
    do {                                                                                           \
        RING_IDX ring_old_ = (r)->sring->req_prod;                                                 \
        RING_PUSH_REQUESTS(r);                                                                     \
        xen_mb(); /* the new index is visible before the peer's wish is read */                    \
        (notify) = (RING_IDX)((r)->req_prod_pvt - (r)->sring->req_event) <                         \
                   (RING_IDX)((r)->req_prod_pvt - ring_old_);                                      \
    } while (0)
#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(r, notify)                                            \
    do {                                                                                           \
        RING_IDX ring_old_ = (r)->sring->rsp_prod;                                                 \
        RING_PUSH_RESPONSES(r);                                                                    \
        xen_mb();                                                                                  \
        (notify) = (RING_IDX)((r)->rsp_prod_pvt - (r)->sring->rsp_event) <                         \
                   (RING_IDX)((r)->rsp_prod_pvt - ring_old_);                                      \
    } while (0)

/* Before sleeping: ask for a notification at the next slot, then look once more. */
#define RING_FINAL_CHECK_FOR_REQUESTS(r, work)                                                     \
    do {                                                                                           \
        (work) = RING_HAS_UNCONSUMED_REQUESTS(r);                                                  \
        if (work)                                                                                  \
            break;                                                                                 \
        (r)->sring->req_event = (r)->req_cons + 1;                                                 \
        xen_mb();                                                                                  \
        (work) = RING_HAS_UNCONSUMED_REQUESTS(r);                                                  \
    } while (0)
#define RING_FINAL_CHECK_FOR_RESPONSES(r, work)                                                    \
    do {                                                                                           \
        (work) = RING_HAS_UNCONSUMED_RESPONSES(r);                                                 \
        if (work)                                                                                  \
            break;                                                                                 \
        (r)->sring->rsp_event = (r)->rsp_cons + 1;                                                 \
        xen_mb();                                                                                  \
        (work) = RING_HAS_UNCONSUMED_RESPONSES(r);                                                 \
    } while (0)

#endif
