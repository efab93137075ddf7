/* SPDX-License-Identifier: MIT */
/*
 * Emulated instructions: what a kernel may do in ring 0 on hardware and does by trap here. Control
 * registers, MSRs, CPUID, port access, interrupts on and off, and plain writes to page tables.
 */
#include "check.h"
#include "public/physdev.h"

static uint64_t data[512] PAGE, table[512] PAGE;

#define CODE(name, text)                                                                        \
    static void name(void *arg)                                                                 \
    {                                                                                           \
        __asm__ volatile(text : "+a"(in_rax), "+c"(in_rcx), "+d"(in_rdx) : "D"(arg) : "memory"); \
    }
static uint64_t in_rax, in_rcx, in_rdx;

CODE(run_cli, "cli")
CODE(run_sti, "sti")
CODE(run_in, "inb %%dx, %%al")
CODE(run_out, "outb %%al, %%dx")
CODE(run_in_imm, "inb $0x80, %%al")
CODE(run_rdmsr, "rdmsr")
CODE(run_wrmsr, "wrmsr")
CODE(run_read_cr0, "movq %%cr0, %%rax")
CODE(run_read_cr2, "movq %%cr2, %%rax")
CODE(run_read_cr3, "movq %%cr3, %%rax")
CODE(run_read_cr4, "movq %%cr4, %%rax")
CODE(run_read_cr8, "movq %%cr8, %%rax")
CODE(run_write_cr4, "movq %%rax, %%cr4")
CODE(run_write_cr3, "movq %%rax, %%cr3")
CODE(run_clts, "clts")
CODE(run_xsetbv, "xsetbv")
CODE(run_xgetbv, "xgetbv")
CODE(run_invd, "invd")
CODE(run_wbinvd, "wbinvd")
CODE(run_lgdt, "lgdt (%%rdi)")
CODE(run_ltr, "ltr %%ax")
CODE(run_iretq, "pushq $0xe02b\n\tpushq $0\n\tpushfq\n\tpushq $0x10\n\tpushq $0\n\tiretq")

static void interrupts(void)
{
    struct physdev_set_iopl level = { .iopl = 1 };

    CHECK(test_catch(run_cli, NULL), 13); /* level 0 is below the kernel's 1 */
    CHECK(hypercall_physdev_set_iopl(&level), 0);
    for (int mask = 0; mask < 2; mask++) {
        mask ? events_disable() : events_enable();
        CHECK(test_catch(run_cli, NULL), -1);
        CHECK(shared_info->vcpu_info[0].evtchn_upcall_mask, mask);
        CHECK(test_catch(run_sti, NULL), -1);
        CHECK(shared_info->vcpu_info[0].evtchn_upcall_mask, mask);
    }
}

static uint64_t user_stack[64];
extern char user_port[], user_sti[];
__asm__(".text\nuser_port: inb $0x80, %al\n\tsyscall\nuser_sti: sti\n\tsyscall\n");

static long run_user(const char *code)
{
    struct iret_context frame = {
        .rip = (uint64_t)code, .cs = FLAT_USER_CS, .rflags = 0x202,
        .rsp = (uint64_t)(user_stack + 64), .ss = FLAT_USER_SS,
    };

    return test_iret(&frame);
}

/* The kernel may always at its level of 1 once set_iopl says so; user mode needs 3. */
static void ports(void)
{
    struct physdev_set_iopl level = { .iopl = 1 };

    test_user_tables();
    CHECK(hypercall_physdev_set_iopl(&level), 0);
    in_rdx = 0x80;
    CHECK(test_catch(run_in, NULL), -1);
    CHECK(test_catch(run_out, NULL), -1);
    CHECK(test_catch(run_in_imm, NULL), -1);
    CHECK(run_user(user_port), 13);
    CHECK(run_user(user_sti), 13);
    level.iopl = 3;
    CHECK(hypercall_physdev_set_iopl(&level), 0);
    CHECK(run_user(user_port), TRAP_SYSCALL);
    CHECK(run_user(user_sti), TRAP_SYSCALL);
    level.iopl = 4;
    CHECK(hypercall_physdev_set_iopl(&level), -XEN_EINVAL);
    level.iopl = 1;
    CHECK(hypercall_physdev_set_iopl(&level), 0);
    CHECK(run_user(user_port), 13);
}

static void msrs(void)
{
    in_rcx = 0xc0000080; /* EFER: long mode with NX and SYSCALL */
    CHECK(test_catch(run_rdmsr, NULL), -1);
    CHECK(in_rax & 0x501, 0x501);
    in_rcx = 0x12345678; /* no such MSR */
    CHECK(test_catch(run_rdmsr, NULL), 13);
    CHECK(test_caught.error_code, 0);
    CHECK(*(const uint8_t *)test_caught.rip, 0x0f);
    CHECK(test_catch(run_wrmsr, NULL), 13);
    in_rcx = 0xc0000082; /* LSTAR: the hypervisor's own entry point */
    in_rax = in_rdx = 0;
    CHECK(test_catch(run_wrmsr, NULL), 13);
    CHECK(hypercall_version_pagesize(), 4096);
    in_rcx = 0x1b; /* the APIC is the hypervisor's, its base may be looked at */
    CHECK(test_catch(run_rdmsr, NULL), -1);
}

static void control_registers(void)
{
    uint64_t cr4;

    CHECK(test_catch(run_read_cr0, NULL), -1);
    CHECK(in_rax & 0x80010001, 0x80010001); /* PG, WP, PE */
    CHECK(test_read((void *)0x123456789000), 14);
    CHECK(test_catch(run_read_cr2, NULL), -1);
    CHECK(in_rax, 0x123456789000);
    CHECK(test_catch(run_read_cr3, NULL), -1);
    CHECK(in_rax >> PAGE_SHIFT, virt_to_mfn((void *)start_info->pt_base));
    CHECK(test_catch(run_write_cr3, NULL), -1); /* the same root again */
    CHECK(test_catch(run_read_cr4, NULL), -1);
    CHECK(in_rax & 0x20, 0x20); /* PAE */
    cr4 = in_rax;
    in_rax = cr4 | 1UL << 13 | 1UL << 21; /* VMXE and SMAP: dropped, or a fault of the guest */
    (void)test_catch(run_write_cr4, NULL);
    CHECK(test_catch(run_read_cr4, NULL), -1);
    CHECK(in_rax & (1UL << 13 | 1UL << 21), 0);
    CHECK(test_catch(run_clts, NULL), -1);
    CHECK(test_catch(run_read_cr8, NULL), 13);
    CHECK(test_catch(run_xsetbv, NULL) != -1, 1); /* OSXSAVE is off, and no such register */
    in_rax = cr4 | 1UL << 18;
    CHECK(test_catch(run_write_cr4, NULL), -1);
    CHECK(test_catch(run_read_cr4, NULL), -1);
    CHECK(in_rax >> 18 & 1, 1);
    in_rcx = 0;
    CHECK(test_catch(run_xgetbv, NULL), -1);
    CHECK(in_rax & 1, 1);
    in_rax = 3; /* x87 and SSE */
    in_rdx = 0;
    CHECK(test_catch(run_xsetbv, NULL), -1);
    in_rax = 2; /* x87 may not be missing */
    CHECK(test_catch(run_xsetbv, NULL), 13);
}

static void others(void)
{
    static struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) pointer = { 0xffff, 0 };

    CHECK(test_catch(run_invd, NULL) == -1 || test_catch(run_invd, NULL) == 13, 1);
    CHECK(test_catch(run_wbinvd, NULL), -1); /* dom0 drives devices */
    CHECK(test_catch(run_lgdt, &pointer), 13);
    in_rax = 0xe040;
    CHECK(test_catch(run_ltr, NULL), 13);
    CHECK(test_catch(run_iretq, NULL), 13);
    in_rcx = 7; /* no such extended control register */
    in_rax = in_rdx = 0;
    CHECK(test_catch(run_xsetbv, NULL), 13);
}

/* ---- page tables, by plain instructions --------------------------------------------------- */

#define STORE(name, text)                                                                        \
    static void name(void *entry)                                                                \
    {                                                                                            \
        uint64_t rax = compare, rdx = operand;                                                   \
        __asm__ volatile(text : "+a"(rax), "+d"(rdx) : "D"(entry) : "memory", "cc");              \
        result = rdx;                                                                            \
        accumulator = rax;                                                                       \
    }
static uint64_t operand, compare, result, accumulator;

STORE(store_8, "movq %%rdx, (%%rdi)")
STORE(store_4, "movl %%edx, (%%rdi)")
STORE(store_2, "movw %%dx, (%%rdi)")
STORE(store_1, "movb %%dl, (%%rdi)")
STORE(store_imm, "movq $0, (%%rdi)")
STORE(exchange, "xchgq %%rdx, (%%rdi)")
STORE(compare_exchange, "lock cmpxchgq %%rdx, (%%rdi)")
STORE(and_1, "lock andb $0xfd, (%%rdi)")
STORE(and_8, "andq %%rdx, (%%rdi)")
STORE(or_8, "orq %%rdx, (%%rdi)")
STORE(set_bit, "lock btsq $9, (%%rdi)")
STORE(reset_bit, "lock btrq $9, (%%rdi)")

/* A pinned L1 of our own, which no L2 names: any entry may be tried. */
static void page_tables(void)
{
    uint64_t good = pte_make(virt_to_mfn(data), PTE_P | PTE_A | PTE_D | PTE_U | PTE_W);
    uint64_t bad = pte_make(virt_to_mfn(table), PTE_P | PTE_W);
    /* What the hypervisor may add to an entry: U, and marks in the available bits. */
    const uint64_t mask = ~(PTE_U | 1UL << 52 | 1UL << 8);

    NEED(hypercall_vm_assist_enable(VMASST_TYPE_writable_pagetables));
    NEED(page_remap(table, pte_make(virt_to_mfn(table), PTE_P | PTE_NX)));
    NEED(mmuext_frame(MMUEXT_PIN_L1_TABLE, virt_to_mfn(table)));

    operand = good;
    CHECK(test_catch(store_8, &table[0]), -1);
    CHECK(table[0] & mask, good & mask);
    operand = good & ~PTE_W;
    CHECK(test_catch(store_8, &table[0]), -1);
    CHECK(table[0] & mask, good & mask & ~PTE_W);
    operand = good;
    CHECK(test_catch(store_4, &table[0]), -1);
    CHECK(table[0] & mask, good & mask);
    operand = good & 0xffff & ~PTE_W;
    CHECK(test_catch(store_2, &table[0]), -1);
    CHECK(table[0] & mask, good & mask & ~PTE_W);
    operand = good & 0xff;
    CHECK(test_catch(store_1, &table[0]), -1);
    CHECK(table[0] & mask, good & mask);
    CHECK(test_catch(and_1, &table[0]), -1);
    CHECK(table[0] & mask, good & mask & ~PTE_W);
    operand = PTE_W;
    CHECK(test_catch(or_8, &table[0]), -1);
    CHECK(table[0] & mask, good & mask);
    operand = ~PTE_W;
    CHECK(test_catch(and_8, &table[0]), -1);
    CHECK(table[0] & mask, good & mask & ~PTE_W);
    CHECK(test_catch(set_bit, &table[0]), -1);
    CHECK(table[0] >> 9 & 1, 1);
    CHECK(test_catch(reset_bit, &table[0]), -1);
    CHECK(table[0] >> 9 & 1, 0);

    operand = 0;
    CHECK(test_catch(exchange, &table[0]), -1);
    CHECK(table[0], 0);
    CHECK(result & mask, good & mask & ~PTE_W);
    compare = 0;
    operand = good;
    CHECK(test_catch(compare_exchange, &table[0]), -1);
    CHECK(table[0] & mask, good & mask);
    compare = 0x1000;
    operand = 0;
    CHECK(test_catch(compare_exchange, &table[0]), -1);
    CHECK(table[0] & mask, good & mask); /* differed: not stored, and told so */
    CHECK(accumulator & mask, good & mask);
    CHECK(test_catch(store_imm, &table[0]), -1);
    CHECK(table[0], 0);

    /* What must not be stored raises the write's own page fault. */
    operand = bad;
    CHECK(test_catch(store_8, &table[1]), 14);
    CHECK(test_caught.error_code, 3);
    CHECK(test_catch(exchange, &table[1]), 14);
    CHECK(table[1], 0);
    /* Not aligned: across two entries. */
    operand = good;
    CHECK(test_catch(store_8, (char *)&table[2] + 4), 14);
    CHECK(table[2] | table[3], 0);
    CHECK(mmuext_frame(MMUEXT_UNPIN_TABLE, virt_to_mfn(table)), 0);
    CHECK(page_remap(table, pte_make(virt_to_mfn(table), PTE_P | PTE_W | PTE_NX)), 0);
}

void test_main(void)
{
    NEED(event_init());
    interrupts();
    ports();
    msrs();
    control_registers();
    others();
    page_tables();
}
