/* SPDX-License-Identifier: MIT */
/*
 * The generated dispatch, restart, lists and multicall, with handlers made for the test. Guest
 * memory is an array at address 0x1000; a page above it is a hole. Only the handlers that the test
 * reaches exist, the others stay unresolved.
 */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "hypercall/hypercall.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "core/sched.h"
#include "mm/guest.h"
#include "mm/update.h"
#include "public/version.h"
#include "pv/guest_cpu.h"
#include "public/nmi.h"
#include "pv/trap.h"
#include "sys/log.h"
#include "x86/upcall.h"

#define GUEST_BASE 0x1000u
#define HOLE       0x100000u

/* ---- the machine round the dispatch ---- */

static struct {
    uint8_t memory[65536];
    unsigned calls;      /* handlers run */
    unsigned preempt_in; /* looks until one says stop; 0: never */
    uint64_t seen[4];    /* arguments of the last handler */
    long answer;
    unsigned restart_at; /* an element or call that asks for a restart; 0: none */
    unsigned flushes;
    uint64_t iret_rax;
} world;

static struct domain own, other;
static struct vcpu vcpu0;
char percpu_start[1];
struct vcpu *percpu_current_vcpu;

void *machine_this_cpu_block(void)
{
    return percpu_start;
}

static void *guest_bytes(guest_ptr_t p, size_t bytes)
{
    if (bytes > sizeof(world.memory) || p.va < GUEST_BASE ||
        p.va - GUEST_BASE > sizeof(world.memory) - bytes)
        return NULL;
    return world.memory + (p.va - GUEST_BASE);
}

bool guest_range_ok(guest_ptr_t p, uint64_t count, uint64_t size)
{
    return !count || guest_bytes(p, count * size);
}

int copy_from_guest(void *dst, guest_ptr_t src, size_t bytes)
{
    void *from = guest_bytes(src, bytes);

    if (!from)
        return -EFAULT;
    memcpy(dst, from, bytes);
    return 0;
}

int copy_to_guest(guest_ptr_t dst, const void *src, size_t bytes)
{
    void *to = guest_bytes(dst, bytes);

    if (!to)
        return -EFAULT;
    memcpy(to, src, bytes);
    return 0;
}

bool preempt_pending(void)
{
    return world.preempt_in && --world.preempt_in == 0;
}

struct vcpu *vcpu_by_id(struct domain *d, uint64_t id)
{
    (void)d;
    return id == 0 ? &vcpu0 : NULL;
}

struct domain *domain_get(domid_t id)
{
    return id == 1 ? &other : id == own.id ? &own : NULL;
}

void domain_put(struct domain *d)
{
    ck_assert(d == &other || d == &own);
}

int domain_destroy(struct domain *d)
{
    ck_assert_ptr_eq(d, &other);
    ck_assert_uint_eq(d->claimed, 1);
    world.calls++;
    return (int)world.answer;
}

long hc_domctl_getvcpuinfo(struct vcpu *vcpu, struct xen_domctl_getvcpuinfo *getvcpuinfo)
{
    ck_assert_ptr_eq(vcpu, &vcpu0);
    getvcpuinfo->cpu = 9;
    world.calls++;
    return world.answer;
}

void log_guest(enum log_level level, domid_t dom, const char *fmt, ...)
{
    ck_assert_int_eq(level, LOG_DEBUG);
    ck_assert_uint_eq(dom, own.id);
    ck_assert_ptr_nonnull(fmt);
}

void iret_hypercall(struct vcpu *v)
{
    v->arch.regs.rax = world.iret_rax;
}

/* ---- handlers ---- */

long hc_set_timer_op(uint64_t timeout)
{
    (void)timeout;
    world.calls++;
    return world.answer;
}

int debugreg_set(struct vcpu *v, unsigned reg, uint64_t value)
{
    ck_assert_ptr_eq(v, &vcpu0);
    world.calls++;
    world.seen[0] = reg;
    world.seen[1] = value;
    return 0;
}

int evtchn_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port)
{
    ck_assert_ptr_eq(d, &own);
    ck_assert_uint_eq(remote, own.id);
    world.calls++;
    *port = 77;
    return (int)world.answer;
}

void sched_runstate(const struct vcpu *v, struct vcpu_runstate_info *out)
{
    ck_assert_ptr_eq(v, &vcpu0);
    out->state = RUNSTATE_blocked;
}

void grant_unmap(struct vcpu *v, struct gnttab_unmap_grant_ref *op)
{
    ck_assert_ptr_eq(v, &vcpu0);
    world.calls++;
    op->status = (int16_t)(op->handle + 1);
}

void grant_unmap_flush(struct vcpu *v)
{
    ck_assert_ptr_eq(v, &vcpu0);
    world.flushes++;
}

int pt_pin(struct mm_account *acct, mfn_t mfn, enum page_type level)
{
    ck_assert_ptr_eq(acct, &own.mm);
    ck_assert_uint_eq(level, PT_L1);
    world.calls++;
    world.seen[0] = mfn_x(mfn);
    return world.restart_at == world.calls ? -ERESTART : 0;
}

int pt_unpin(struct mm_account *acct, mfn_t mfn)
{
    ck_assert_uint_eq(mfn_x(mfn), 104);
    return acct == &own.mm ? -EINVAL : 0;
}

long hc_memory_populate_physmap(struct xen_memory_reservation *op, uint64_t start)
{
    world.seen[0] = op->nr_extents;
    world.seen[1] = start;
    return start < 5 ? hypercall_restart_extent(XENMEM_populate_physmap, start + 5) : (long)start;
}

uint64_t frames_end = 123;

long hc_console_write(uint32_t count, guest_ptr_t text)
{
    (void)text;
    return (long)count;
}

long hc_platform_settime64(struct xenpf_settime64 *op)
{
    world.seen[0] = op->secs;
    return 0;
}

/* ---- helpers ---- */

static void set_up(void)
{
    memset(&world, 0, sizeof(world));
    memset(&own, 0, sizeof(own));
    memset(&vcpu0, 0, sizeof(vcpu0));
    own.is_control = true;
    own.id = 0;
    vcpu0.domain = &own;
    percpu_current_vcpu = &vcpu0;
}

static void *guest_at(unsigned offset)
{
    return world.memory + offset;
}

static long call(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    struct guest_regs *r = &vcpu0.arch.regs;

    r->rax = nr;
    r->rdi = a0;
    r->rsi = a1;
    r->rdx = a2;
    r->r10 = a3;
    r->r8 = r->r9 = 0;
    r->rip = 1000;
    upcall_hypercall(&vcpu0.arch);
    return (long)r->rax;
}

static bool restarted(void)
{
    return vcpu0.arch.regs.rip == 998;
}

/* ---- dispatch ---- */

START_TEST(test_absent_is_enosys)
{
    ck_assert_int_eq(call(63, 0, 0, 0, 0), -ENOSYS);
    ck_assert_int_eq(call(64, 0, 0, 0, 0), -ENOSYS);
    ck_assert_int_eq(call(UINT64_MAX, 0, 0, 0, 0), -ENOSYS);
    ck_assert_int_eq(call(__HYPERVISOR_sched_op, 4711, 0, 0, 0), -ENOSYS);
    ck_assert_int_eq(call(__HYPERVISOR_event_channel_op, EVTCHNOP_init_control, 0, 0, 0), -ENOSYS);
    ck_assert_int_eq(call(__HYPERVISOR_xenpmu_op, 0, 0, 0, 0), -EOPNOTSUPP);
    ck_assert_int_eq(call(__HYPERVISOR_memory_op, XENMEM_get_sharing_freed_pages, 0, 0, 0), 0);
}
END_TEST

START_TEST(test_arguments_are_narrowed_and_bounded)
{
    ck_assert_int_eq(call(__HYPERVISOR_set_debugreg, 0xdead00000003, UINT64_MAX, 0, 0), 0);
    ck_assert_uint_eq(world.seen[0], 3);
    ck_assert_uint_eq(world.seen[1], UINT64_MAX);
    ck_assert_int_eq(call(__HYPERVISOR_set_segment_base, 4, 0, 0, 0), -EINVAL);
    ck_assert_uint_eq(world.calls, 1);
    ck_assert_int_eq(call(__HYPERVISOR_xen_version, 0xffffffff00000000, 0, 0, 0), 0x40011);
    ck_assert_int_eq(call(__HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0), 4096);
}
END_TEST

START_TEST(test_dom0_rows_refuse_others)
{
    struct xen_platform_op *op = guest_at(0);

    op->cmd = XENPF_settime64;
    op->interface_version = XENPF_INTERFACE_VERSION;
    op->u.settime64.secs = 99;
    ck_assert_int_eq(call(__HYPERVISOR_platform_op, GUEST_BASE, 0, 0, 0), 0);
    ck_assert_uint_eq(world.seen[0], 99);
    op->interface_version++;
    ck_assert_int_eq(call(__HYPERVISOR_platform_op, GUEST_BASE, 0, 0, 0), -EACCES);
    ck_assert_int_eq(call(__HYPERVISOR_console_io, CONSOLEIO_write, 5, 0, 0), 5);
    own.is_control = false;
    ck_assert_int_eq(call(__HYPERVISOR_platform_op, GUEST_BASE, 0, 0, 0), -EPERM);
    ck_assert_int_eq(call(__HYPERVISOR_console_io, CONSOLEIO_write, 5, 0, 0), -EPERM);
}
END_TEST

static long tool(struct xen_domctl *op, uint32_t cmd, domid_t domain)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = domain;
    return call(__HYPERVISOR_domctl, GUEST_BASE, 0, 0, 0);
}

START_TEST(test_tools_act_on_one_domain_at_a_time)
{
    struct xen_domctl *op = guest_at(0);

    ck_assert_int_eq(tool(op, XEN_DOMCTL_destroydomain, 5), -ESRCH);
    ck_assert_int_eq(tool(op, XEN_DOMCTL_destroydomain, DOMID_SELF), -ESRCH);
    ck_assert_int_eq(tool(op, XEN_DOMCTL_destroydomain, own.id), -EINVAL);
    ck_assert_uint_eq(world.calls, 0);
    ck_assert_int_eq(tool(op, XEN_DOMCTL_destroydomain, 1), 0);
    world.answer = -ERESTART;
    (void)tool(op, XEN_DOMCTL_destroydomain, 1);
    ck_assert(restarted());
    ck_assert_uint_eq(vcpu0.arch.regs.rdi, GUEST_BASE);
    ck_assert_uint_eq(world.calls, 2);
    ck_assert_uint_eq(other.claimed | own.claimed, 0);
    other.claimed = 1; /* by another CPU */
    (void)tool(op, XEN_DOMCTL_destroydomain, 1);
    ck_assert(restarted());
    ck_assert_uint_eq(world.calls, 2);
    ck_assert_uint_eq(other.claimed, 1);
    other.claimed = 0;
}
END_TEST

START_TEST(test_tools_name_a_vcpu)
{
    struct xen_domctl *op = guest_at(0);

    op->u.getvcpuinfo.vcpu = 5;
    ck_assert_int_eq(tool(op, XEN_DOMCTL_getvcpuinfo, 1), -EINVAL);
    ck_assert_uint_eq(world.calls, 0);
    op->u.getvcpuinfo.vcpu = 0;
    ck_assert_int_eq(tool(op, XEN_DOMCTL_getvcpuinfo, 1), 0);
    ck_assert_uint_eq(op->u.getvcpuinfo.cpu, 9);
    own.is_control = false;
    ck_assert_int_eq(tool(op, XEN_DOMCTL_getvcpuinfo, 1), -EPERM);
    ck_assert_uint_eq(world.calls, 1);
}
END_TEST

START_TEST(test_structure_goes_back_on_success)
{
    struct evtchn_alloc_unbound *op = guest_at(0);

    op->dom = op->remote_dom = DOMID_SELF;
    world.answer = -ENOSPC;
    ck_assert_int_eq(call(__HYPERVISOR_event_channel_op, 6, GUEST_BASE, 0, 0), -ENOSPC);
    ck_assert_uint_eq(op->port, 0);
    world.answer = 0;
    ck_assert_int_eq(call(__HYPERVISOR_event_channel_op, 6, GUEST_BASE, 0, 0), 0);
    ck_assert_uint_eq(op->port, 77);
    ck_assert_int_eq(call(__HYPERVISOR_event_channel_op, 6, HOLE, 0, 0), -EFAULT);
    op->dom = 5;
    ck_assert_int_eq(call(__HYPERVISOR_event_channel_op, 6, GUEST_BASE, 0, 0), -ESRCH);
    own.is_control = false;
    ck_assert_int_eq(call(__HYPERVISOR_event_channel_op, 6, GUEST_BASE, 0, 0), -EPERM);
    ck_assert_uint_eq(world.calls, 2);
}
END_TEST

START_TEST(test_output_has_no_leftovers)
{
    struct vcpu_runstate_info expected, *op = guest_at(0);

    memset(&expected, 0, sizeof(expected));
    expected.state = RUNSTATE_blocked;
    memset(op, 0xa5, sizeof(*op));
    ck_assert_int_eq(call(__HYPERVISOR_vcpu_op, 4, 0, GUEST_BASE, 0), 0);
    ck_assert_mem_eq(op, &expected, sizeof(expected));
    ck_assert_int_eq(call(__HYPERVISOR_vcpu_op, 4, 1, GUEST_BASE, 0), -ENOENT);
}
END_TEST

/* ---- restart ---- */

START_TEST(test_extent_in_command)
{
    uint64_t cmd = XENMEM_populate_physmap;

    ((struct xen_memory_reservation *)guest_at(0))->nr_extents = 9;
    ck_assert_int_eq(call(__HYPERVISOR_memory_op, cmd, GUEST_BASE, 7, 8), __HYPERVISOR_memory_op);
    ck_assert(restarted());
    cmd = vcpu0.arch.regs.rdi;
    ck_assert_uint_eq(vcpu0.arch.regs.rdx, 7); /* no argument: the guest's own */
    ck_assert_uint_eq(vcpu0.arch.regs.r10, 8);
    ck_assert_uint_eq(cmd, XENMEM_populate_physmap | 5 << 6);
    ck_assert_uint_eq(vcpu0.arch.regs.rsi, GUEST_BASE);
    ck_assert_int_eq(call(__HYPERVISOR_memory_op, cmd, GUEST_BASE, 0, 0), 5);
    ck_assert(!restarted());
    ck_assert_int_eq(call(__HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0, 0, 0), 123);
    ck_assert_int_eq(call(__HYPERVISOR_memory_op, XENMEM_maximum_ram_page | 1 << 6, 0, 0, 0),
                     -EINVAL);
}
END_TEST

START_TEST(test_list_stops_and_goes_on)
{
    struct gnttab_unmap_grant_ref *op = guest_at(0);
    struct guest_regs *r = &vcpu0.arch.regs;

    for (unsigned i = 0; i < 40; i++)
        op[i].handle = i;
    world.preempt_in = 2;
    call(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, GUEST_BASE, 40, 0);
    ck_assert(restarted());
    ck_assert_uint_eq(r->rsi, GUEST_BASE + 32 * sizeof(*op));
    ck_assert_uint_eq(r->rdx, 8);
    ck_assert_uint_eq(world.flushes, 1);
    ck_assert_int_eq(call(r->rax, r->rdi, r->rsi, r->rdx, 0), 0);
    ck_assert_uint_eq(world.calls, 40);
    for (unsigned i = 0; i < 40; i++)
        ck_assert_int_eq(op[i].status, (int)i + 1);
    ck_assert_int_eq(call(__HYPERVISOR_grant_table_op, 1, GUEST_BASE, UINT32_MAX, 0), -EINVAL);
    ck_assert_int_eq(call(__HYPERVISOR_grant_table_op, 1, GUEST_BASE, 65536, 0), -EFAULT);
    ck_assert_uint_eq(world.calls, 40);
}
END_TEST

START_TEST(test_mmuext_counts_what_succeeded)
{
    struct mmuext_op *op = guest_at(0);
    uint32_t *done = guest_at(4096);
    struct guest_regs *r = &vcpu0.arch.regs;

    for (unsigned i = 0; i < 5; i++)
        op[i].arg1.mfn = 100 + i;
    op[4].cmd = MMUEXT_UNPIN_TABLE;
    world.restart_at = 3;
    call(__HYPERVISOR_mmuext_op, GUEST_BASE, 5, GUEST_BASE + 4096, DOMID_SELF);
    ck_assert(restarted());
    ck_assert_uint_eq(*done, 2);
    ck_assert_uint_eq(r->rdi, GUEST_BASE + 2 * sizeof(*op));
    ck_assert_int_eq(call(r->rax, r->rdi, r->rsi, r->rdx, r->r10), -EINVAL);
    ck_assert_uint_eq(*done, 4);
    ck_assert_uint_eq(world.seen[0], 103);
    ck_assert_int_eq(call(__HYPERVISOR_mmuext_op, GUEST_BASE, 1, 0, 5), -ESRCH);
    ck_assert_int_eq(call(__HYPERVISOR_mmuext_op, GUEST_BASE, 1, 0, 1u << 16), -ESRCH);
}
END_TEST

/* Roots, flushes and the LDT are the caller's own; pins may be another's. */
START_TEST(test_mmuext_is_for_oneself)
{
    static const uint32_t own_only[] = { 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 18 };
    struct mmuext_op *op = guest_at(0);

    for (unsigned i = 0; i < ARRAY_SIZE(own_only); i++) {
        op->cmd = own_only[i];
        ck_assert_int_eq(call(__HYPERVISOR_mmuext_op, GUEST_BASE, 1, 0, 1), -EPERM);
    }
    op->cmd = MMUEXT_UNPIN_TABLE;
    op->arg1.mfn = 104;
    ck_assert_int_eq(call(__HYPERVISOR_mmuext_op, GUEST_BASE, 1, 0, 1), 0);
    op->cmd = 14;
    ck_assert_int_eq(call(__HYPERVISOR_mmuext_op, GUEST_BASE, 1, 0, DOMID_SELF), -ENOSYS);
    own.is_control = false;
    ck_assert_int_eq(call(__HYPERVISOR_mmuext_op, GUEST_BASE, 1, 0, 1), -EPERM);
}
END_TEST

/* ---- multicall ---- */

static struct multicall_entry *entries(void)
{
    struct multicall_entry *entry = guest_at(8192);

    for (unsigned i = 0; i < 20; i++) {
        entry[i].op = __HYPERVISOR_set_timer_op;
        entry[i].result = 0x5555;
    }
    return entry;
}

#define ENTRIES (GUEST_BASE + 8192)

START_TEST(test_multicall_stores_results)
{
    struct multicall_entry *entry = entries();

    world.answer = 42;
    entry[1].op = 99;
    entry[2].op = __HYPERVISOR_multicall;
    ck_assert_int_eq(call(__HYPERVISOR_multicall, ENTRIES, 4, 0, 0), 0);
    ck_assert_int_eq((long)entry[0].result, 42);
    ck_assert_int_eq((long)entry[1].result, -ENOSYS);
    ck_assert_int_eq((long)entry[2].result, -EINVAL);
    ck_assert_int_eq((long)entry[3].result, 42);
    ck_assert_uint_eq(entry[4].result, 0x5555);
    ck_assert_int_eq(call(__HYPERVISOR_multicall, HOLE, 1, 0, 0), -EFAULT);
}
END_TEST

START_TEST(test_multicall_restarts_at_entry)
{
    struct multicall_entry *entry = entries();
    struct guest_regs *r = &vcpu0.arch.regs;

    entry[1].op = __HYPERVISOR_memory_op;
    entry[1].args[0] = XENMEM_populate_physmap;
    entry[1].args[1] = GUEST_BASE;
    call(__HYPERVISOR_multicall, ENTRIES, 3, 0, 0);
    ck_assert(restarted());
    ck_assert_uint_eq(r->rdi, ENTRIES + sizeof(*entry));
    ck_assert_uint_eq(r->rsi, 2);
    ck_assert_uint_eq(entry[1].args[0], XENMEM_populate_physmap | 5 << 6);
    ck_assert_uint_eq(entry[1].result, 0x5555);
    ck_assert_int_eq(call(r->rax, r->rdi, r->rsi, 0, 0), 0);
    ck_assert_int_eq((long)entry[1].result, 5);
    ck_assert_uint_eq(world.calls, 2);
}
END_TEST

START_TEST(test_multicall_is_preempted)
{
    struct guest_regs *r = &vcpu0.arch.regs;

    entries();
    world.preempt_in = 1;
    call(__HYPERVISOR_multicall, ENTRIES, 20, 0, 0);
    ck_assert(restarted());
    ck_assert_uint_lt(r->rsi, 20);
    ck_assert_uint_eq(world.calls, 20 - r->rsi);
    ck_assert_int_eq(call(r->rax, r->rdi, r->rsi, 0, 0), 0);
    ck_assert_uint_eq(world.calls, 20);
}
END_TEST

/* The frame's RAX survives even where it looks like a request to restart, and marks nothing. */
START_TEST(test_iret_ends_multicall)
{
    struct multicall_entry *entry = entries();

    for (unsigned i = 0; i < 2; i++) {
        world.iret_rax = i ? (uint64_t)-ERESTART : 4711;
        entry[1].op = __HYPERVISOR_iret;
        ck_assert_int_eq(call(__HYPERVISOR_multicall, ENTRIES, 3, 0, 0), (long)world.iret_rax);
        ck_assert(!restarted());
        ck_assert_uint_eq(entry[1].result, 0x5555);
        ck_assert_uint_eq(entry[2].result, 0x5555);
        ck_assert_int_eq(call(__HYPERVISOR_iret, 0, 0, 0, 0), (long)world.iret_rax);
        ck_assert(!restarted());
        call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, GUEST_BASE, 0, 0);
        ck_assert(restarted());
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hypercall");
    TCase *tests = tcase_create("dispatch");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, test_absent_is_enosys);
    tcase_add_test(tests, test_arguments_are_narrowed_and_bounded);
    tcase_add_test(tests, test_dom0_rows_refuse_others);
    tcase_add_test(tests, test_tools_act_on_one_domain_at_a_time);
    tcase_add_test(tests, test_tools_name_a_vcpu);
    tcase_add_test(tests, test_structure_goes_back_on_success);
    tcase_add_test(tests, test_output_has_no_leftovers);
    tcase_add_test(tests, test_extent_in_command);
    tcase_add_test(tests, test_list_stops_and_goes_on);
    tcase_add_test(tests, test_mmuext_counts_what_succeeded);
    tcase_add_test(tests, test_mmuext_is_for_oneself);
    tcase_add_test(tests, test_multicall_stores_results);
    tcase_add_test(tests, test_multicall_restarts_at_entry);
    tcase_add_test(tests, test_multicall_is_preempted);
    tcase_add_test(tests, test_iret_ends_multicall);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
