/* SPDX-License-Identifier: MIT */
/*
 * Memory maps: a domain's own, cut to the room that it gives and never written beyond; the
 * machine's, for dom0 only; and the one that dom0 sets for others.
 */
#include "check.h"
#include "public/memory.h"

struct e820 {
    uint64_t address, bytes;
    uint32_t type;
} __attribute__((packed));

static struct e820 map[128] PAGE;

static unsigned written(void)
{
    const uint8_t *bytes = (const uint8_t *)map;
    unsigned last = 0;

    for (unsigned i = 0; i < sizeof(map); i++)
        if (bytes[i] != 0xa5)
            last = i + 1;
    return last;
}

static struct xen_memory_map room(uint32_t entries)
{
    for (unsigned i = 0; i < sizeof(map); i++)
        ((volatile uint8_t *)map)[i] = 0xa5;
    return (struct xen_memory_map){ .nr_entries = entries, .buffer = (uint64_t)map };
}

static void machine(void)
{
    struct xen_memory_map op = room(128);
    uint64_t ram = 0, end = 0, wrong = 0;

    CHECK_DOM0(hypercall_memory_machine_memory_map(&op), 0);
    if (!test_is_dom0()) {
        CHECK(written(), 0);
        return;
    }
    CHECK(written(), op.nr_entries * sizeof(struct e820));
    for (unsigned i = 0; i < op.nr_entries; i++) {
        wrong += map[i].address < end; /* sorted, and no two on one another */
        end = map[i].address + map[i].bytes;
        ram += map[i].type == 1 ? map[i].bytes : 0;
    }
    CHECK(wrong, 0);
    CHECK(ram > 128UL << 20, 1);
    op = room(1);
    CHECK(hypercall_memory_machine_memory_map(&op), -XEN_EINVAL); /* more than fit */
    CHECK(written() <= sizeof(struct e820), 1);
    op = room(128);
    op.buffer = 0xffff830000000000UL;
    CHECK(hypercall_memory_machine_memory_map(&op), -XEN_EFAULT);
}

static void own(void)
{
    struct xen_memory_map op = room(128);
    long result = hypercall_memory_memory_map(&op);

    CHECK(result == 0 || result == -XEN_ENOSYS, 1);
    if (result == 0)
        CHECK(written(), op.nr_entries * sizeof(struct e820));
    op = room(0);
    (void)hypercall_memory_memory_map(&op);
    CHECK(written(), 0);
}

static void others(void)
{
    struct xen_foreign_memory_map op = { .domid = 4711, .map = room(1) };

    CHECK_NOBODY(hypercall_memory_set_memory_map(&op));
    op.map.nr_entries = ~0u;
    CHECK(hypercall_memory_set_memory_map(&op) < 0, 1);
    op.domid = DOMID_SELF;
    CHECK(hypercall_memory_set_memory_map(&op) < 0, 1);
}

void test_main(void)
{
    machine();
    own();
    others();
}
