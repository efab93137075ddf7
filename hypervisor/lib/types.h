/* SPDX-License-Identifier: MIT */
/*
 * The words every other file uses: machine frame numbers as a struct type of their own, so that no
 * other number passes for one, addresses as integers so that a guest address is never dereferenced
 * by accident.
 */
#ifndef LAMINA_LIB_TYPES_H
#define LAMINA_LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Machine frame: index of a 4 KiB frame of the real machine. */
typedef struct {
    uint64_t v;
} mfn_t;
/* Pointer into guest memory, as the guest passed it: only mm/guest.h accessors may follow it. */
typedef struct {
    uint64_t va;
} guest_ptr_t;

typedef uint64_t maddr_t; /* machine address, bytes */
typedef uint64_t gva_t;   /* guest virtual address, bytes */
typedef uint16_t domid_t;
typedef uint32_t evtchn_port_t;
typedef uint32_t grant_ref_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE  (UINT64_C(1) << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

static inline mfn_t _mfn(uint64_t v)
{
    return (mfn_t){ v };
}
static inline uint64_t mfn_x(mfn_t m)
{
    return m.v;
}
static inline guest_ptr_t guest_ptr(uint64_t va)
{
    return (guest_ptr_t){ va };
}
static inline maddr_t mfn_to_maddr(mfn_t m)
{
    return m.v << PAGE_SHIFT;
}
static inline mfn_t maddr_to_mfn(maddr_t a)
{
    return _mfn(a >> PAGE_SHIFT);
}

#define MFN_INVALID _mfn(~UINT64_C(0))
static inline bool mfn_eq(mfn_t a, mfn_t b)
{
    return a.v == b.v;
}

#define ARRAY_SIZE(a)        (sizeof(a) / sizeof((a)[0]))
#define container_of(p, t, m) ((t *)((char *)(p) - offsetof(t, m)))
#define MIN(a, b)            ((a) < (b) ? (a) : (b))
#define MAX(a, b)            ((a) > (b) ? (a) : (b))
#define ROUND_UP(x, a)       (((x) + (a) - 1) & ~((a) - 1))
#define ROUND_DOWN(x, a)     ((x) & ~((a) - 1))
#define DIV_ROUND_UP(x, d)   (((x) + (d) - 1) / (d))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define must_check  __attribute__((warn_unused_result))
#define noreturn    __attribute__((noreturn))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define static_assert _Static_assert

/*
 * guest_shared: memory that we map and a guest writes at any moment. Only READ_ONCE, WRITE_ONCE and
 * the atomic_ operations of lib/bits.h may touch it: sparse (`make lint`) finds every other access.
 * unshared: a cast that forgets it; the reason stands beside each use.
 */
#ifdef __CHECKER__
#define guest_shared __attribute__((noderef, address_space(guest)))
#define unshared     __attribute__((force))
#else
#define guest_shared
#define unshared
#endif

/* One load, one store: the compiler neither repeats nor splits them. tests/race/ has its own. */
#ifndef READ_ONCE
#define READ_ONCE(x)     (*(const volatile __typeof__(x) unshared *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) unshared *)&(x) = (v))
#endif
#define barrier() __asm__ volatile("" ::: "memory")

#endif
