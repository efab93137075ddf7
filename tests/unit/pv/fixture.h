/* SPDX-License-Identifier: MIT */
/*
 * One guest for the tests of pv/: a domain with two vCPUs, memory that it can name by addresses of
 * 32 bits, and a processor that remembers what it was told. The neighbours are stand-ins that keep
 * to the contracts of their headers: frames with counts, roots, one page table. Each program
 * includes this file once: it defines what it declares.
 */
#ifndef LAMINA_TESTS_PV_FIXTURE_H
#define LAMINA_TESTS_PV_FIXTURE_H

#include "../suite.h"

#include <check.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/domain.h"
#include "core/sched.h"
#include "core/time.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "mm/update.h"
#include "pv/guest_cpu.h"
#include "pv/trap.h"
#include "sys/log.h"
#include "x86/upcall.h"

#define FLAG_CF       UINT64_C(0x1)
#define FLAG_TF       UINT64_C(0x100)
#define FLAG_IF       UINT64_C(0x200)
#define FLAG_DF       UINT64_C(0x400)
#define FLAG_IOPL     UINT64_C(0x3000)
#define FLAG_RF       UINT64_C(0x10000)
#define NOT_CANONICAL (UINT64_C(1) << 47)

/* The guest's memory: pages at addresses that 32-bit code reaches. */
#define GUEST_VA    UINT64_C(0x10000000)
#define GUEST_PAGES 8
#define GUEST_END   (GUEST_VA + GUEST_PAGES * PAGE_SIZE)
#define CODE        (GUEST_VA + PAGE_SIZE)     /* where rip is at start */
#define STACK       (GUEST_VA + 4 * PAGE_SIZE) /* stack of the kernel, growing down */
#define USER_STACK  (GUEST_VA + 6 * PAGE_SIZE)
#define HANDLER     (GUEST_VA + 7 * PAGE_SIZE) /* of vector n: HANDLER + 16 * n */

#define FRAMES    64 /* records; the domain has those from 16 to 47 */
#define KERNEL_L4 _mfn(16)
#define USER_L4   _mfn(17)

/* What the stand-ins saw since the start, and what they answer. */
struct machine_record {
    const char *crash; /* domain_crash() */
    unsigned toggles, gdt_loads, ldt_loads, debug_loads, cr3_loads, ts_loads, xcr0_loads;
    unsigned base_loads, nr_kicks, cache_flushes, xsave_inits;
    gva_t flushed_page;
    bool fsgsbase, fsgsbase_set;
    uint64_t fs, gs, gs_other; /* the bases as the processor has them */
    uint16_t selectors[4];
    int selector_answer;
    int ldt_page;  /* machine_ldt_page() */
    uint64_t xcr0; /* machine_xcr0() */
    size_t xsave_size;
    uint32_t msr_absent; /* faults */
    uint64_t msr_value;  /* of each other */
    uint32_t msr_written;
    uint64_t msr_written_value;
    uint32_t in_value; /* machine_in(), machine_pci_read() */
    unsigned nr_ins, nr_outs, nr_pci_reads, nr_pci_writes;
    struct {
        uint16_t port, reg;
        uint8_t bus, devfn;
        unsigned bytes;
        uint32_t value;
    } io;
    maddr_t l1_slot; /* pt_l1_slot() */
    gva_t l1_asked;
    int write_answer;                 /* of pt_emulated_write() */
    unsigned nr_writes, disturbances; /* so often the word changes just before */
    unsigned root_restarts;           /* pt_root_put() says -ERESTART so often */
    mfn_t root_refused;               /* pt_root_get() refuses it */
    unsigned roots[FRAMES];           /* references as root */
    unsigned nr_timer_runs, nr_time_updates, nr_reaps, nr_switches;
    uint32_t cpu_work;
    jmp_buf *on_switch; /* where sched_switch() goes */
};

static struct machine_record machine;
static struct domain domain;
static struct vcpu vcpus[2];
static struct vcpu *const v = &vcpus[0];
static struct guest_cpu *const g = &vcpus[0].arch;
static struct guest_regs *const regs = &vcpus[0].arch.regs;

PER_CPU(struct vcpu *, current_vcpu);
struct domain *control_domain;
bool domains_reap_wanted;
static struct page records[FRAMES];
struct page *frame_table = records;
uint64_t frames_end = FRAMES;

static struct shared_info shared_page __attribute__((aligned(4096)));
static struct trap_info trap_tables[2][256];
static uint8_t xsave_areas[2][1024] __attribute__((aligned(64)));

/* ---- set-up ---------------------------------------------------------------------------------- */

static void vcpu_make(unsigned id)
{
    struct vcpu *made = &vcpus[id];

    memset(made, 0, sizeof(*made));
    made->domain = &domain;
    made->id = (uint16_t)id;
    made->arch.traps = trap_tables[id];
    made->arch.xsave = xsave_areas[id];
    made->arch.info = &shared_page.vcpu_info[id];
    domain.vcpu[id] = made;
    guest_cpu_reset(made);
}

/* A domU, its kernel running at CODE with a handler for each exception. */
static void guest_start(void)
{
    static bool is_mapped;

    host_reset();
    if (!is_mapped)
        ck_assert_ptr_eq(mmap((void *)GUEST_VA, GUEST_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
                         (void *)GUEST_VA);
    is_mapped = true;
    memset((void *)GUEST_VA, 0, GUEST_PAGES * PAGE_SIZE);
    memset(&machine, 0, sizeof(machine));
    memset(&domain, 0, sizeof(domain));
    memset(&shared_page, 0, sizeof(shared_page));
    memset(xsave_areas, 0, sizeof(xsave_areas));
    memset(records, 0, sizeof(records));
    for (unsigned i = 0; i < FRAMES; i++)
        records[i] = (struct page){ .owner = i >= 16 && i < 48 ? 1 : OWNER_NONE, .refs = 1 };
    machine.xcr0 = 0xe7;
    machine.xsave_size = sizeof(xsave_areas[0]);
    machine.root_refused = MFN_INVALID;
    machine.ldt_page = -1;
    domain.id = domain.mm.slot = 1;
    domain.vcpus_max = 2;
    domain.shared = &shared_page;
    lock_init(&domain.lock, LOCK_DOMAIN);
    control_domain = NULL;
    domains_reap_wanted = false;
    for (unsigned i = 0; i < 2; i++)
        vcpu_make(i);
    current = v;
    for (unsigned i = 0; i < 32; i++)
        g->traps[i].address = HANDLER + 16 * i;
    g->traps[1].flags = 4; /* #DB with events masked */
    g->cr3_kernel = mfn_to_maddr(KERNEL_L4);
    g->cr3_user = mfn_to_maddr(USER_L4);
    machine.roots[mfn_x(KERNEL_L4)] = machine.roots[mfn_x(USER_L4)] = 1;
    guest_set_kernel_stack(g, FLAT_KERNEL_SS, STACK);
    regs->rip = CODE;
    regs->cs = FLAT_KERNEL_CS;
    regs->ss = FLAT_KERNEL_SS;
    regs->rsp = STACK - 0x107; /* not a multiple of anything */
    regs->entry_vector = 99;
    machine.base_loads = machine.debug_loads = machine.xsave_inits = 0;
}

static void guest_end(void)
{
    ck_assert_uint_eq(host_locks_held(), 0);
}

static inline void user_mode(void)
{
    g->in_kernel = false;
    regs->rsp = USER_STACK;
}

static inline void code_put(const void *bytes, size_t n)
{
    memcpy((void *)CODE, bytes, n);
}
#define PUT_CODE(...) code_put((const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }))

/* ---- what a bounce left on the stack -----------------------------------------------------------
 */

struct bounce_frame {
    uint64_t rcx, r11, rip, cs, rflags, rsp, ss;
};

/* The frame with `extra` words behind r11, which must lie at rsp. */
static inline struct bounce_frame frame_read(unsigned nr_extra, uint64_t *extra)
{
    const uint64_t *at = (const uint64_t *)regs->rsp;
    struct bounce_frame f;

    ck_assert_ptr_null(machine.crash);
    f.rcx = at[0];
    f.r11 = at[1];
    for (unsigned i = 0; i < nr_extra; i++)
        extra[i] = at[2 + i];
    memcpy(&f.rip, at + 2 + nr_extra, 5 * sizeof(*at));
    return f;
}

/* v is at the handler of that vector and has not stepped over the instruction. */
static inline void check_at_handler(unsigned vector)
{
    ck_assert_ptr_null(machine.crash);
    ck_assert_uint_eq(regs->rip, HANDLER + 16 * vector);
}

/* ---- stand-ins: memory
 * --------------------------------------------------------------------------- */

int frame_get(struct mm_account *acct, mfn_t mfn, enum page_type type)
{
    struct page *page;

    ck_assert_ptr_eq(acct, &domain.mm);
    if (!mfn_valid(mfn) || page_of(mfn)->owner != acct->slot)
        return -EINVAL;
    page = page_of(mfn);
    if (page->type_refs != 0 && page->type != type)
        return -EBUSY;
    page->type = (uint8_t)type;
    page->type_refs++;
    page->refs++;
    return 0;
}

void frame_put(struct mm_account *acct, mfn_t mfn)
{
    struct page *page = page_of(mfn);

    ck_assert_ptr_eq(acct, &domain.mm);
    ck_assert_uint_gt(page->type_refs, 0);
    page->type_refs--;
    page->refs--;
}

maddr_t pt_l1_slot(maddr_t cr3, gva_t va)
{
    ck_assert_uint_eq(cr3, g->cr3_kernel);
    machine.l1_asked = va;
    return machine.l1_slot;
}

int pt_emulated_write(struct mm_account *acct, maddr_t where, uint64_t value, unsigned bytes,
                      uint64_t *expect)
{
    uint64_t mask = bytes == 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * bytes) - 1;
    unsigned shift = 8 * (where & 7);
    uint64_t *word = machine_map_maddr(where & ~UINT64_C(7)), found;

    ck_assert_ptr_eq(acct, &domain.mm);
    ck_assert_uint_le((where & 7) + bytes, 8);
    machine.nr_writes++;
    if (machine.write_answer != 0)
        return machine.write_answer;
    if (machine.disturbances > 0) {
        machine.disturbances--;
        *word += 0x1000;
    }
    found = *word >> shift & mask;
    if (expect == NULL || found == *expect)
        *word = (*word & ~(mask << shift)) | (value & mask) << shift;
    if (expect != NULL)
        *expect = found;
    return 0;
}

int pt_root_get(struct mm_account *acct, mfn_t mfn)
{
    ck_assert_ptr_eq(acct, &domain.mm);
    if (mfn_x(mfn) == 0 || mfn_x(mfn) >= FRAMES || mfn_eq(mfn, machine.root_refused))
        return -EINVAL;
    machine.roots[mfn_x(mfn)]++;
    return 0;
}

int pt_root_put(struct mm_account *acct, mfn_t mfn)
{
    ck_assert_ptr_eq(acct, &domain.mm);
    ck_assert_uint_gt(machine.roots[mfn_x(mfn)], 0);
    if (machine.root_restarts > 0) {
        machine.root_restarts--;
        return -ERESTART;
    }
    machine.roots[mfn_x(mfn)]--;
    return 0;
}

/* ---- stand-ins: domains and time
 * ------------------------------------------------------------------ */

void domain_crash(struct domain *d, const char *why)
{
    ck_assert_ptr_eq(d, &domain);
    machine.crash = why;
}
void vcpu_kick(struct vcpu *kicked)
{
    (void)kicked;
    machine.nr_kicks++;
}
void timer_run(void)
{
    machine.nr_timer_runs++;
}
void time_update_vcpu(struct vcpu *of)
{
    ck_assert_ptr_eq(of, v);
    machine.nr_time_updates++;
}
void domains_reap(void)
{
    machine.nr_reaps++;
}
uint32_t cpu_take_work(void)
{
    uint32_t work = machine.cpu_work;

    machine.cpu_work = 0;
    return work;
}
void sched_switch(void)
{
    machine.nr_switches++;
    ck_assert_ptr_nonnull(machine.on_switch);
    longjmp(*machine.on_switch, 1);
}

/* ---- stand-ins: the processor
 * -------------------------------------------------------------------- */

void machine_toggle_mode(struct guest_cpu *of)
{
    of->in_kernel = !of->in_kernel;
    machine.toggles++;
}
#define COUNTED(function, counter)                                                                 \
    void function(struct guest_cpu *of)                                                            \
    {                                                                                              \
        ck_assert_ptr_eq(of, g);                                                                   \
        machine.counter++;                                                                         \
    }
COUNTED(machine_load_gdt, gdt_loads)
COUNTED(machine_load_ldt, ldt_loads)
COUNTED(machine_load_debug, debug_loads)
COUNTED(machine_load_cr3, cr3_loads)
COUNTED(machine_load_ts, ts_loads)
COUNTED(machine_load_xcr0, xcr0_loads)

void machine_load_bases(struct guest_cpu *of)
{
    machine.base_loads++;
    machine.fs = of->fs_base;
    machine.gs = of->gs_base_kernel;
    machine.gs_other = of->gs_base_user;
}
void machine_save_bases(struct guest_cpu *of)
{
    of->fs_base = machine.fs;
    of->gs_base_kernel = machine.gs;
    of->gs_base_user = machine.gs_other;
}
void machine_set_fsgsbase(bool on)
{
    machine.fsgsbase = on;
    machine.fsgsbase_set = true;
}
int machine_load_selector(struct guest_cpu *of, unsigned which, uint16_t sel)
{
    ck_assert_ptr_eq(of, g);
    machine.selectors[which] = sel;
    if (machine.selector_answer == 0)
        of->gs = sel;
    return machine.selector_answer;
}
int machine_ldt_page(gva_t va)
{
    (void)va;
    return machine.ldt_page;
}
uint64_t machine_xcr0(void)
{
    return machine.xcr0;
}
size_t machine_xsave_size(void)
{
    return machine.xsave_size;
}
void machine_xsave_init(struct guest_cpu *of)
{
    machine.xsave_inits++;
    memset(of->xsave, 0, sizeof(xsave_areas[0]));
}
int machine_rdmsr(uint32_t msr, uint64_t *value)
{
    if (msr == machine.msr_absent)
        return -EFAULT;
    *value = machine.msr_value;
    return 0;
}
int machine_wrmsr(uint32_t msr, uint64_t value)
{
    if (msr == machine.msr_absent)
        return -EFAULT;
    machine.msr_written = msr;
    machine.msr_written_value = value;
    return 0;
}
uint32_t machine_in(uint16_t port, unsigned bytes)
{
    machine.nr_ins++;
    machine.io.port = port;
    machine.io.bytes = bytes;
    return machine.in_value;
}
void machine_out(uint16_t port, unsigned bytes, uint32_t value)
{
    machine.nr_outs++;
    machine.io.port = port;
    machine.io.bytes = bytes;
    machine.io.value = value;
}
uint32_t machine_pci_read(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg, unsigned bytes)
{
    ck_assert_uint_eq(seg, 0);
    machine.nr_pci_reads++;
    machine.io.bus = bus;
    machine.io.devfn = devfn;
    machine.io.reg = reg;
    machine.io.bytes = bytes;
    return machine.in_value;
}
void machine_pci_write(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg, unsigned bytes,
                       uint32_t value)
{
    (void)machine_pci_read(seg, bus, devfn, reg, bytes);
    machine.nr_pci_reads--;
    machine.nr_pci_writes++;
    machine.io.value = value;
}

/* ---- running
 * ------------------------------------------------------------------------------------- */

static int fixture_run(const char *name, void (*start)(void), const TTest *const *tests, size_t nr)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create("all");

    tcase_add_checked_fixture(tc, start, guest_end);
    for (size_t i = 0; i < nr; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
/* Each test begins with `start`, which calls guest_start(). */
#define FIXTURE_RUN_FROM(name, start, tests) fixture_run(name, start, tests, ARRAY_SIZE(tests))
#define FIXTURE_RUN(name, tests)             FIXTURE_RUN_FROM(name, guest_start, tests)

#endif
