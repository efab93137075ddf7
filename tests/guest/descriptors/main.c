/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables: a GDT page must not be writable, no descriptor may give a guest more than ring
 * 3 or a gate, and the hypervisor's own selectors stay as they are whatever GDT is loaded.
 */
#include "check.h"

#define CODE_64   0x00affb000000ffffUL /* DPL 3, long mode */
#define DATA      0x00cff3000000ffffUL /* DPL 3, writable */
#define DATA_BASE 0x00c0f3123456ffffUL

static uint64_t gdt[512] PAGE, second[512] PAGE, ldt[512] PAGE;
static uint64_t value;

static void load_ds(void *selector)
{
    __asm__ volatile("movw %w0, %%ds\n\tmovw %%ds, %w0\n\tmovw $0, %%ax\n\tmovw %%ax, %%ds"
                     :
                     : "r"(selector)
                     : "rax");
}

static long load(unsigned selector)
{
    return test_catch(load_ds, (void *)(uint64_t)selector);
}

static void far_call(void *selector)
{
    struct {
        uint32_t offset;
        uint16_t selector;
    } __attribute__((packed)) target = { 0, (uint16_t)(uint64_t)selector };

    __asm__ volatile("lcall *%0" : : "m"(target) : "memory");
}

static long set_gdt(const uint64_t *page, uint32_t entries)
{
    uint64_t frames[14];

    for (unsigned i = 0; i < 14; i++)
        frames[i] = virt_to_mfn(page);
    return hypercall_set_gdt(frames, entries);
}

static void protect(uint64_t *page, int writable)
{
    NEED(page_remap(page, pte_make(virt_to_mfn(page), PTE_P | PTE_NX | (writable ? PTE_W : 0))));
}

static long update(uint64_t *entry, uint64_t descriptor)
{
    return hypercall_update_descriptor(virt_to_mfn(entry) << PAGE_SHIFT |
                                           ((uint64_t)entry & (PAGE_SIZE - 1)),
                                       descriptor);
}

static void setting(void)
{
    gdt[1] = DATA;
    gdt[2] = CODE_64;
    CHECK_REFUSED(set_gdt(gdt, 512)); /* mapped writable */
    protect(gdt, 0);
    CHECK(load(1 * 8 + 3), 13); /* not there yet */
    CHECK(set_gdt(gdt, 512), 0);
    CHECK(load(1 * 8 + 3), -1);
    CHECK_REFUSED(page_remap(gdt, pte_make(virt_to_mfn(gdt), PTE_P | PTE_W)));
    CHECK(test_write(gdt), 14);
    CHECK(set_gdt(gdt, 7169), -XEN_EINVAL); /* into the reserved part */
    CHECK(set_gdt(gdt, 0xffffffff), -XEN_EINVAL);
    CHECK(load(1 * 8 + 3), -1);
    /* A page table. */
    CHECK_REFUSED(set_gdt((uint64_t *)((uint64_t)pte_of(gdt, 1) & ~0xfffUL), 512));
    CHECK(load(1 * 8 + 3), -1);
}

static void reserved_selectors(void)
{
    CHECK(load(FLAT_KERNEL_SS), -1);
    CHECK(load(FLAT_RING3_DS32), -1);
    CHECK(load(0xe008), 13); /* the hypervisor's own code and data */
    CHECK(load(0xe010), 13);
    CHECK(load(0xe040), 13); /* its TSS */
    CHECK(load(0xfff8), 13);
    CHECK(set_gdt(gdt, 0), 0);
    CHECK(load(1 * 8 + 3), 13);
    CHECK(load(FLAT_KERNEL_SS), -1);
    CHECK(set_gdt(gdt, 512), 0);
}

/* Good ones take effect; bad ones are refused, or are defused so that they cannot be used. */
static void updates(void)
{
    static const uint64_t bad[] = {
        0x0000890000000067UL, /* TSS */
        0x0000820000000fffUL, /* LDT */
        0x00008e0000330000UL, /* interrupt gate */
        0x0000ec0000330000UL, /* call gate, DPL 3 */
        0x0000e50000330000UL, /* task gate, DPL 3 */
    };
    uint64_t before;

    CHECK(update(&gdt[3], DATA_BASE), 0);
    CHECK(gdt[3] & ~(1UL << 40), DATA_BASE & ~(1UL << 40));
    CHECK(load(3 * 8 + 3), -1);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        before = gdt[4];
        if (update(&gdt[4], bad[i]) == 0)
            CHECK(gdt[4] >> 45 & 3, 0); /* a call gate that nobody can call */
        else
            CHECK(gdt[4], before);
        CHECK(test_catch(far_call, (void *)(4 * 8 + 3UL)), 13);
    }
    /* Ring 0 code or data: refused, or raised to the guest's ring. */
    for (unsigned i = 0; i < 2; i++) {
        uint64_t wanted = (i ? CODE_64 : DATA) & ~(3UL << 45);

        if (update(&gdt[5], wanted) == 0)
            CHECK((gdt[5] >> 45 & 3) != 0 || !(gdt[5] >> 47 & 1), 1);
    }
    CHECK(update(&gdt[3], 0), 0);
    CHECK(load(3 * 8 + 3), 13);
    /* Not a descriptor page of ours, misaligned, nowhere. */
    CHECK(hypercall_update_descriptor((virt_to_mfn(gdt) << PAGE_SHIFT) + 4, DATA), -XEN_EINVAL);
    CHECK(hypercall_update_descriptor(1UL << 51, DATA), -XEN_EINVAL);
    CHECK_REFUSED(hypercall_update_descriptor(
        ((const uint64_t *)start_info->pt_base)[262] & PTE_ADDRESS, DATA));
    CHECK_REFUSED(update((uint64_t *)start_info->pt_base, DATA)); /* a page table */
    CHECK(update(&value, DATA), 0); /* own data: a plain write */
    CHECK(value & ~(1UL << 40), DATA & ~(1UL << 40));
}

/* A page that already holds a bad descriptor cannot become a GDT. */
static void bad_page(void)
{
    second[100] = 0x00008e0000330000UL;
    protect(second, 0);
    CHECK_REFUSED(set_gdt(second, 512));
    protect(second, 1);
    CHECK(test_write(second), -1);
    CHECK(load(1 * 8 + 3), -1); /* the old one is still in force */
}

static uint64_t user_stack[64];
extern char user_done[];
__asm__(".text\nuser_done: syscall\n");

/* A code segment of the LDT: IRETQ is the first to look at it. */
static void local_code(void)
{
    struct iret_context frame = {
        .rip = (uint64_t)user_done, .cs = 4 * 8 + 7, .rflags = 0x202,
        .rsp = (uint64_t)(user_stack + 64), .ss = 2 * 8 + 7,
    };

    CHECK(test_iret(&frame), TRAP_SYSCALL);
}

static void local_table(void)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (uint64_t)ldt,
                            .arg2.nr_ents = 16 };

    ldt[2] = DATA;
    ldt[4] = CODE_64;
    CHECK(load(2 * 8 + 7), 13);
    test_user_tables();
    protect(ldt, 0);
    CHECK(hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
    local_code();
    CHECK(load(2 * 8 + 7), -1);
    CHECK(load(3 * 8 + 7), 13);
    op.arg1.linear_addr += 8;
    CHECK(hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF), -XEN_EINVAL);
    op.arg1.linear_addr = (uint64_t)ldt;
    op.arg2.nr_ents = 8193;
    CHECK(hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF), -XEN_EINVAL);
    op.arg2.nr_ents = 0;
    CHECK(hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
    CHECK(load(2 * 8 + 7), 13);
    protect(ldt, 1); /* no longer a descriptor page */
}

void test_main(void)
{
    setting();
    reserved_selectors();
    updates();
    bad_page();
    local_table();
    CHECK(set_gdt(gdt, 0), 0);
    protect(gdt, 1); /* and given back */
}
