/* SPDX-License-Identifier: MIT */
/*
 * A domain made by hypercalls alone: frames, page tables, a context, then it runs. It answers over
 * an event channel and a granted page, stops while paused, and is destroyed in every state that a
 * domain can be in. Each time all of its memory comes back, at the latest when its last grant is
 * unmapped, and its end is reported by VIRQ_DOM_EXC.
 */
#include "check.h"
#include "public/domctl.h"
#include "public/grant_table.h"
#include "public/memory.h"
#include "public/sched.h"
#include "public/sysctl.h"

#define BOUND_NS   10000000000ULL
#define CHILD_REF  8
#define CHECKS_MAX 5000 /* ends a loop that should have ended long ago */
#define GIVEN_BACK 4096 /* frames that this domain makes room with */

enum { CODE, STACK, TALK, L4, L3, L2, L1, FRAMES };
#define INFO FRAMES /* where the child sees its shared info */
enum { ECHO, POWEROFF, CRASH, SPIN };

struct talk { /* in the page that the child grants */
    uint32_t port, command;
    uint64_t value, answer;
};

static struct {
    domid_t id;
    uint64_t frame[FRAMES], info_frame;
    evtchn_port_t theirs, ours;
    struct gnttab_map_grant_ref mapped;
} child;

static char window[4096] PAGE, talk_page[4096] PAGE;
static volatile struct talk *const talk = (volatile struct talk *)talk_page;
static uint64_t window_entry, talk_entry;
static evtchn_port_t exc_port;

/* ---- the child: all it has is this page of code, at the address that it has here ------------- */

static void __attribute__((section(".text.child"), aligned(4096), noreturn))
child_main(volatile struct talk *told, struct shared_info *shared)
{
    for (;;) {
        evtchn_port_t port = told->port;
        struct sched_poll poll = { .ports = (uint64_t)&port, .nr_ports = 1 };
        struct sched_shutdown off = { SHUTDOWN_poweroff };
        struct evtchn_send send = { port };

        (void)hypercall_sched_poll(&poll);
        if (!(__atomic_fetch_and(&shared->evtchn_pending[0], ~(1UL << port), __ATOMIC_SEQ_CST) &
              1UL << port))
            continue;
        if (told->command == POWEROFF)
            (void)hypercall_sched_shutdown(&off);
        if (told->command == CRASH)
            __asm__ volatile("ud2");
        while (told->command == SPIN)
            told->answer++;
        told->answer = told->value + 1;
        (void)hypercall_evtchn_send(&send);
    }
}

static uint64_t child_address(unsigned page)
{
    uint64_t code = (uint64_t)child_main;

    return (code & ~0x1fffffUL) | (((code >> 12) + page) & 511) << 12;
}

/* ---- making it ------------------------------------------------------------------------------- */

static uint64_t free_pages(void)
{
    struct xen_sysctl_physinfo info;

    NEED(hypercall_sysctl_physinfo(&info));
    return info.free_pages;
}

static long map_foreign(void *virt, uint64_t frame, uint64_t kind)
{
    struct mmu_update update = { .ptr = pte_maddr(virt, 1) | kind,
                                 .val = pte_make(frame, PTE_P | PTE_W | PTE_NX) };
    struct mmuext_op flush = { .cmd = MMUEXT_INVLPG_LOCAL, .arg1.linear_addr = (uint64_t)virt };
    long error = hypercall_mmu_update(&update, 1, NULL, child.id);

    return error ? error : hypercall_mmuext_op(&flush, 1, NULL, DOMID_SELF);
}

static void unmap_window(void)
{
    NEED(page_remap(window, window_entry));
}

/* Content of one frame of the child, while the child has no table in it. */
static uint64_t *frame_open(unsigned page)
{
    NEED(map_foreign(window, child.frame[page], MMU_NORMAL_PT_UPDATE));
    __builtin_memset(window, 0, sizeof(window));
    return (uint64_t *)window;
}

static void table_fill(unsigned page, uint64_t index, unsigned below)
{
    frame_open(page)[index] = pte_make(child.frame[below], PTE_P | PTE_W | PTE_U | PTE_A);
    unmap_window();
}

static void memory_fill(void)
{
    uint64_t code = (uint64_t)child_main, *l1;

    __builtin_memcpy(frame_open(CODE), (void *)code, 4096);
    (void)frame_open(STACK);
    (void)frame_open(TALK);
    l1 = frame_open(L1);
    for (unsigned i = CODE; i <= TALK; i++)
        l1[child_address(i) >> 12 & 511] =
            pte_make(child.frame[i], PTE_P | PTE_U | (i == CODE ? 0 : PTE_W));
    l1[child_address(INFO) >> 12 & 511] = pte_make(child.info_frame, PTE_P | PTE_W | PTE_U);
    unmap_window();
    table_fill(L2, code >> 21 & 511, L1);
    table_fill(L3, code >> 30 & 511, L2);
    table_fill(L4, code >> 39 & 511, L3);
}

static void shared_fill(void)
{
    struct shared_info *shared = (struct shared_info *)window;

    NEED(map_foreign(window, child.info_frame, MMU_NORMAL_PT_UPDATE));
    shared->vcpu_info[0].evtchn_upcall_mask = 1;
    unmap_window();
}

/* The table's frame is found and mapped as privcmd does it. */
static void grant_seed(void)
{
    uint64_t frame = 0;
    struct xen_mem_acquire_resource op = { .domid = child.id, .type = XENMEM_resource_grant_table,
                                           .nr_frames = 1, .frame_list = (uint64_t)&frame };
    struct grant_entry_v1 *grants = (struct grant_entry_v1 *)window;

    CHECK(hypercall_memory_acquire_resource(&op), 0);
    CHECK(map_foreign(window, frame, MMU_PT_UPDATE_NO_TRANSLATE), 0);
    grants[CHILD_REF].domid = 0;
    grants[CHILD_REF].frame = (uint32_t)child.frame[TALK];
    __atomic_store_n(&grants[CHILD_REF].flags, GTF_permit_access, __ATOMIC_SEQ_CST);
    unmap_window();
}

static void create(void)
{
    struct xen_domctl_createdomain config = { .max_vcpus = 1, .max_evtchn_port = 1023,
                                              .max_grant_frames = 4, .max_maptrack_frames = 0,
                                              .grant_opts = 2, .handle = { 0x11, 0x22 } };
    struct xen_domctl_getdomaininfo info;
    struct xen_domctl_max_vcpus vcpus = { 1 };
    struct xen_domctl_max_mem limit = { FRAMES * 4 };

    child.id = DOMID_INVALID;
    NEED(hypercall_domctl_createdomain(&child.id, &config));
    NEED(hypercall_domctl_max_vcpus(child.id, &vcpus));
    NEED(hypercall_domctl_max_mem(child.id, &limit));
    CHECK(hypercall_domctl_getdomaininfo(child.id, &info), 0);
    CHECK(info.domain, child.id);
    CHECK(info.flags & XEN_DOMINF_paused, XEN_DOMINF_paused);
    CHECK(info.tot_pages, 0);
    CHECK(info.max_pages, FRAMES);
    CHECK(info.nr_online_vcpus, 0);
    CHECK(info.handle[1], 0x22);
    child.info_frame = info.shared_info_frame;
}

static void populate(void)
{
    struct xen_memory_reservation op = { .extent_start = (uint64_t)child.frame,
                                         .nr_extents = FRAMES, .domid = child.id };
    uint64_t one_more = FRAMES, wrong = 0;

    for (unsigned i = 0; i < FRAMES; i++)
        child.frame[i] = i;
    CHECK(hypercall_memory_populate_physmap(&op), FRAMES);
    for (unsigned i = 0; i < FRAMES; i++)
        wrong += mfn_to_pfn(child.frame[i]) != i;
    CHECK(wrong, 0);
    op.extent_start = (uint64_t)&one_more;
    op.nr_extents = 1;
    CHECK(hypercall_memory_populate_physmap(&op), 0); /* the limit */
    memory_fill();
    shared_fill();
}

static long pin(unsigned cmd, uint64_t frame)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = frame };

    return hypercall_mmuext_op(&op, 1, NULL, child.id);
}

/* A table that we can write is none; one that is none for us can be no longer written. */
static void tables_pin(void)
{
    NEED(map_foreign(window, child.frame[L1], MMU_NORMAL_PT_UPDATE));
    CHECK_REFUSED(pin(MMUEXT_PIN_L4_TABLE, child.frame[L4]));
    unmap_window();
    CHECK(pin(MMUEXT_PIN_L4_TABLE, child.frame[L4]), 0);
    CHECK_REFUSED(map_foreign(window, child.frame[L1], MMU_NORMAL_PT_UPDATE));
}

static long context_set(uint64_t root, uint64_t rip)
{
    static struct vcpu_guest_context context;
    struct xen_domctl_vcpucontext op = { .ctxt = (uint64_t)&context };

    __builtin_memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel | VGCF_online;
    context.user_regs.rip = rip;
    context.user_regs.rsp = child_address(STACK) + 4096 - 8;
    context.user_regs.rdi = child_address(TALK);
    context.user_regs.rsi = child_address(INFO);
    context.user_regs.rflags = 0x200;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp = context.user_regs.rsp;
    context.ctrlreg[3] = xen_pfn_to_cr3(root);
    return hypercall_domctl_setvcpucontext(child.id, &op);
}

static bool port_fires(evtchn_port_t port, uint64_t bound_ns)
{
    struct sched_poll poll = { .ports = (uint64_t)&port, .nr_ports = 1,
                               .timeout = test_now() + bound_ns };

    while (!event_pending(port) && test_now() < poll.timeout)
        (void)hypercall_sched_poll(&poll);
    return __atomic_fetch_and(&shared_info->evtchn_pending[port / 64], ~(1UL << port % 64),
                              __ATOMIC_SEQ_CST) >> port % 64 & 1;
}

static void channel_make(void)
{
    struct evtchn_alloc_unbound open = { .dom = child.id, .remote_dom = DOMID_SELF };
    struct evtchn_bind_interdomain bind = { .remote_dom = child.id };

    NEED(hypercall_evtchn_alloc_unbound(&open));
    bind.remote_port = child.theirs = open.port;
    NEED(hypercall_evtchn_bind_interdomain(&bind));
    child.ours = bind.local_port;
    (void)port_fires(child.ours, 0); /* binding raises it once */
}

static void talk_map(void)
{
    NEED(page_remap(talk_page, 0));
    child.mapped = (struct gnttab_map_grant_ref){ .host_addr = (uint64_t)talk_page,
                                                  .flags = GNTMAP_host_map, .ref = CHILD_REF,
                                                  .dom = child.id };
    NEED(hypercall_gnttab_map_grant_ref(&child.mapped, 1));
    CHECK(child.mapped.status, GNTST_okay);
    talk->port = child.theirs;
}

static void talk_unmap(void)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = (uint64_t)talk_page,
                                         .handle = child.mapped.handle };

    CHECK(hypercall_gnttab_unmap_grant_ref(&op, 1), 0);
    CHECK(op.status, GNTST_okay);
    NEED(page_remap(talk_page, talk_entry));
}

static void make(void)
{
    create();
    populate();
    tables_pin();
    grant_seed();
    channel_make();
    talk_map();
    CHECK_REFUSED(context_set(child.frame[L3], (uint64_t)child_main));
    CHECK(context_set(child.frame[L4], 1UL << 47), -XEN_EINVAL);
    CHECK(context_set(child.frame[L4], (uint64_t)child_main), 0);
    CHECK(hypercall_domctl_unpausedomain(child.id), 0);
}

/* ---- its end --------------------------------------------------------------------------------- */

static uint32_t child_flags(void)
{
    struct xen_domctl_getdomaininfo info;

    if (hypercall_domctl_getdomaininfo(child.id, &info) || info.domain != child.id)
        return ~0U;
    return info.flags;
}

/* The end of a domain is finished when nobody looks at it any more. */
static bool is_gone_with(uint64_t frames)
{
    uint64_t end = test_now() + BOUND_NS;
    bool gone;

    do {
        gone = child_flags() == ~0U && free_pages() >= frames;
        (void)hypercall_sched_yield();
    } while (!gone && test_now() < end);
    return gone;
}

static void tell(uint32_t command, uint64_t value)
{
    struct evtchn_send send = { child.ours };

    talk->command = command;
    talk->value = value;
    CHECK(hypercall_evtchn_send(&send), 0);
}

static void destroy(void)
{
    struct evtchn_close shut = { child.ours };

    CHECK(hypercall_domctl_destroydomain(child.id), 0);
    if (child.ours)
        CHECK(hypercall_evtchn_close(&shut), 0);
    child.ours = 0;
}

/* ---- what is tested -------------------------------------------------------------------------- */

static void context_is_read(void)
{
    static struct vcpu_guest_context context;
    struct xen_domctl_vcpucontext op = { .ctxt = (uint64_t)&context };

    CHECK(hypercall_domctl_getvcpucontext(child.id, &op), 0);
    CHECK(context.user_regs.rip >> 12, (uint64_t)child_main >> 12);
    CHECK(xen_cr3_to_pfn(context.ctrlreg[3]), child.frame[L4]);
    CHECK(context.flags & VGCF_in_kernel, VGCF_in_kernel);
}

static void talks_unless_paused(void)
{
    struct xen_domctl_getvcpuinfo vcpu = { 0 };

    for (uint64_t i = 1; i <= 100; i++) {
        tell(ECHO, i);
        CHECK(port_fires(child.ours, BOUND_NS), 1);
        CHECK(talk->answer, i + 1);
    }
    CHECK(hypercall_domctl_pausedomain(child.id), 0);
    CHECK(hypercall_domctl_pausedomain(child.id), 0);
    tell(ECHO, 1000);
    CHECK(hypercall_domctl_unpausedomain(child.id), 0);
    CHECK(port_fires(child.ours, 20000000), 0);
    CHECK(child_flags() & XEN_DOMINF_paused, XEN_DOMINF_paused);
    context_is_read();
    CHECK(hypercall_domctl_unpausedomain(child.id), 0);
    CHECK(port_fires(child.ours, BOUND_NS), 1);
    CHECK(talk->answer, 1001);
    CHECK(hypercall_domctl_getvcpuinfo(child.id, &vcpu), 0);
    CHECK(vcpu.online, 1);
    CHECK(vcpu.cpu_time > 0, 1);
}

static void scheduling(void)
{
    uint8_t cpus = 1, found = 0;
    struct xen_domctl_vcpuaffinity affinity = { .flags = XEN_VCPUAFFINITY_HARD };
    struct xen_domctl_scheduler_op share = { .sched_id = XEN_SCHEDULER_CREDIT2,
                                             .cmd = XEN_DOMCTL_SCHEDOP_putinfo };

    affinity.cpumap_hard = (struct xenctl_bitmap){ (uint64_t)&cpus, 8 };
    CHECK(hypercall_domctl_setvcpuaffinity(child.id, &affinity), 0);
    affinity.cpumap_hard = (struct xenctl_bitmap){ (uint64_t)&found, 8 };
    CHECK(hypercall_domctl_getvcpuaffinity(child.id, &affinity), 0);
    CHECK(found, 1);
    share.u.credit2.weight = 512;
    share.u.credit2.cap = 50;
    CHECK(hypercall_domctl_scheduler_op(child.id, &share), 0);
    share = (struct xen_domctl_scheduler_op){ .sched_id = XEN_SCHEDULER_CREDIT2,
                                              .cmd = XEN_DOMCTL_SCHEDOP_getinfo };
    CHECK(hypercall_domctl_scheduler_op(child.id, &share), 0);
    CHECK(share.u.credit2.weight, 512);
    CHECK(share.u.credit2.cap, 50);
    tell(ECHO, 5);
    CHECK(port_fires(child.ours, BOUND_NS), 1);
}

/* A mapped grant keeps the frame, and what is left of the domain, until it is let go. */
static void dies_while_mapped(uint64_t frames)
{
    make();
    talks_unless_paused();
    scheduling();
    destroy();
    CHECK((child_flags() & XEN_DOMINF_dying) != 0, 1);
    talk->value = 7; /* still there */
    CHECK(talk->value, 7);
    CHECK(free_pages() < frames, 1);
    talk_unmap();
    CHECK(is_gone_with(frames), 1);
}

static void ends_by(uint32_t command, uint32_t reason, uint64_t frames)
{
    (void)port_fires(exc_port, 0);
    make();
    tell(command, 0);
    if (command == SPIN) {
        while (!talk->answer)
            (void)hypercall_sched_yield();
    } else {
        do /* the end of an earlier domain may be reported late */
            CHECK(port_fires(exc_port, BOUND_NS), 1);
        while (!(child_flags() & XEN_DOMINF_shutdown) && test_checks < CHECKS_MAX);
        CHECK(child_flags() >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask, reason);
    }
    talk_unmap();
    destroy();
    CHECK(is_gone_with(frames), 1);
}

/* Stopped by its maker at each step on the way. */
static void ends_unfinished(uint64_t frames)
{
    for (unsigned steps = 0; steps < 4; steps++) {
        create();
        if (steps > 0)
            populate();
        if (steps > 1)
            tables_pin();
        if (steps > 2)
            CHECK(context_set(child.frame[L4], (uint64_t)child_main), 0);
        destroy();
        CHECK(is_gone_with(frames), 1);
    }
}

static void room_make(void)
{
    static uint64_t frames[GIVEN_BACK];
    struct xen_memory_reservation op = { .extent_start = (uint64_t)frames,
                                         .nr_extents = GIVEN_BACK, .domid = DOMID_SELF };

    for (unsigned i = 0; i < GIVEN_BACK; i++)
        frames[i] = pfn_to_mfn(start_info->nr_pages - GIVEN_BACK + i);
    NEED(hypercall_memory_decrease_reservation(&op) != GIVEN_BACK);
}

void test_main(void)
{
    struct evtchn_bind_virq exc = { .virq = VIRQ_DOM_EXC };
    uint64_t frames;

    test_needs_dom0();
    NEED(event_init());
    room_make();
    window_entry = *pte_of(window, 1);
    talk_entry = *pte_of(talk_page, 1);
    NEED(hypercall_evtchn_bind_virq(&exc));
    exc_port = exc.port;
    make(); /* once, so that the hypervisor's own heap has grown */
    talk_unmap();
    destroy();
    NEED(!is_gone_with(0));
    CHECK(port_fires(exc_port, BOUND_NS), 1);
    frames = free_pages();
    ends_unfinished(frames);
    dies_while_mapped(frames);
    ends_by(POWEROFF, SHUTDOWN_poweroff, frames);
    ends_by(CRASH, SHUTDOWN_crash, frames);
    ends_by(SPIN, 0, frames);
}
