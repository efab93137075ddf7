/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor heap: small objects by size class, cut from single frames ("slabs"); everything
 * from 2048 bytes on in whole frames. A slab whose last object is freed goes back to the frame
 * allocator, so that a destroyed domain leaves free memory as it was.
 */
#include "lib/string.h"
#include "mm/internal.h"

struct slab {
    struct slab *next, *prev; /* slabs of the class with room */
    void *free;               /* first free object; each points to the next */
    uint32_t nr_used;
    uint32_t size;            /* of an object */
};
static_assert(sizeof(struct slab) == 32, "objects stay 16-byte aligned, two of 2032 bytes fit");

static const uint16_t class_size[] = { 16, 32, 64, 128, 256, 512, 1008, 2032 };
#define CLASSES ARRAY_SIZE(class_size)

static struct {
    spinlock_t lock;
    struct slab *room[CLASSES];
} heap = { .lock = SPINLOCK_INIT(LOCK_HEAP) };

/* The class of objects up to 2032 bytes; CLASSES: whole frames, and so page alignment. */
static unsigned class_of(size_t bytes)
{
    unsigned class = 0;

    while (class < CLASSES && class_size[class] < bytes)
        class++;
    return class;
}

static void slab_link(struct slab *slab, unsigned class)
{
    slab->prev = NULL;
    slab->next = heap.room[class];
    if (slab->next)
        slab->next->prev = slab;
    heap.room[class] = slab;
}

static void slab_unlink(struct slab *slab, unsigned class)
{
    if (slab->next)
        slab->next->prev = slab->prev;
    if (slab->prev)
        slab->prev->next = slab->next;
    else
        heap.room[class] = slab->next;
}

static struct slab *slab_create(unsigned class)
{
    mfn_t mfn = frames_alloc(NULL, 0, 0);
    uint32_t size = class_size[class];
    struct slab *slab;
    uint8_t *object;

    if (mfn_eq(mfn, MFN_INVALID))
        return NULL;
    slab = machine_map(mfn);
    *slab = (struct slab){ .size = size };
    for (object = (uint8_t *)(slab + 1); object + size <= (uint8_t *)slab + PAGE_SIZE;
         object += size) {
        *(void **)object = slab->free;
        slab->free = object;
    }
    return slab;
}

static void *slab_take(unsigned class)
{
    struct slab *slab = heap.room[class];
    void *object = slab->free;

    slab->free = *(void **)object;
    slab->nr_used++;
    if (!slab->free)
        slab_unlink(slab, class);
    return object;
}

static void *small_alloc(unsigned class)
{
    void *object;

    lock_take(&heap.lock);
    if (!heap.room[class]) {
        struct slab *slab;

        /* The frame allocator's lock ranks below ours: let go meanwhile. */
        lock_drop(&heap.lock);
        slab = slab_create(class);
        if (!slab)
            return NULL;
        lock_take(&heap.lock);
        slab_link(slab, class);
    }
    object = slab_take(class);
    lock_drop(&heap.lock);
    memset(object, 0, class_size[class]);
    return object;
}

static void small_free(void *p, unsigned class)
{
    struct slab *slab = (struct slab *)((uintptr_t)p & PAGE_MASK);
    bool empty;

    lock_take(&heap.lock);
    BUG_ON(slab->size != class_size[class] || !slab->nr_used);
    if (!slab->free)
        slab_link(slab, class);
    *(void **)p = slab->free;
    slab->free = p;
    empty = --slab->nr_used == 0;
    if (empty)
        slab_unlink(slab, class);
    lock_drop(&heap.lock);
    if (empty)
        frames_release(maddr_to_mfn(machine_maddr(slab)), 0);
}

static unsigned order_of(uint64_t nr)
{
    return nr > 1 ? bit_highest(nr - 1) + 1 : 0;
}

static void large_free(uint64_t first, uint64_t nr)
{
    for (uint64_t i = 0; i < nr; i++)
        frames_release(_mfn(first + i), 0);
}

static void *large_alloc(size_t bytes)
{
    uint64_t nr = DIV_ROUND_UP(bytes, PAGE_SIZE);
    unsigned order = order_of(nr);
    mfn_t mfn = frames_alloc(NULL, order, 0);

    if (mfn_eq(mfn, MFN_INVALID))
        return NULL;
    large_free(mfn_x(mfn) + nr, BIT(order) - nr);
    /* A free frame is cleared when it is taken only if it was used before: all are, see alloc.c. */
    return machine_map(mfn);
}

void *heap_alloc(size_t bytes)
{
    unsigned class = class_of(bytes);

    if (bytes == 0 || bytes > (PAGE_SIZE << ORDER_MAX))
        return NULL;
    if (class < CLASSES)
        return small_alloc(class);
    return large_alloc(bytes);
}

void heap_free(void *p, size_t bytes)
{
    unsigned class = class_of(bytes);

    if (!p)
        return;
    BUG_ON(bytes == 0);
    if (class < CLASSES)
        small_free(p, class);
    else
        large_free(mfn_x(maddr_to_mfn(machine_maddr(p))), DIV_ROUND_UP(bytes, PAGE_SIZE));
}
