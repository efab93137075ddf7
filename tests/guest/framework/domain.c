/* SPDX-License-Identifier: MIT */
/*
 * Domains for micro-guests that are dom0. How a PV domain starts is known to hypervisor/lib alone;
 * here are the hypercalls that carry it out, frame by frame through one window.
 */
#include "domain.h"
#include "public/domctl.h"
#include "public/io/console.h"
#include "public/memory.h"
#include "public/sched.h"
#include "public/sysctl.h"

/* The hypervisor's headers define these too, and alike. */
#undef PAGE_SHIFT
#undef PAGE_SIZE
#include "lib/pv_start.h"
#include "lib/string.h"

#define VCPUS    4
#define BOUND_NS 20000000000ULL

static char window[4096] PAGE;
static uint64_t window_entry;

static struct {
    struct pv_start start;
    struct pv_layout at;
    uint64_t info_frame;
} plan;

/* ---- frames of others ------------------------------------------------------------------------ */

static void map_foreign(domid_t owner, void *virt, uint64_t frame)
{
    struct mmu_update update = { .ptr = pte_maddr(virt, 1) | MMU_NORMAL_PT_UPDATE,
                                 .val = pte_make(frame, PTE_P | PTE_W | PTE_NX) };
    struct mmuext_op flush = { .cmd = MMUEXT_INVLPG_ALL, .arg1.linear_addr = (uint64_t)virt };

    NEED(hypercall_mmu_update(&update, 1, NULL, owner));
    NEED(hypercall_mmuext_op(&flush, 1, NULL, DOMID_SELF));
}

static void *window_at(domid_t owner, uint64_t frame)
{
    if (!window_entry)
        window_entry = *pte_of(window, 1);
    map_foreign(owner, window, frame);
    return window;
}

static void window_close(void)
{
    NEED(page_remap(window, window_entry));
}

static void *frame_of(void *context, uint64_t pfn)
{
    struct test_domain *d = context;

    return window_at(d->id, d->p2m[pfn]);
}

/* ---- memory ---------------------------------------------------------------------------------- */

const void *domain_image(uint64_t *bytes)
{
    if (!start_info->mod_len)
        test_skip("needs a guest's file as second module");
    *bytes = start_info->mod_len;
    return (const void *)start_info->mod_start;
}

void domain_room(uint64_t nr)
{
    static uint64_t frames[512];
    struct xen_memory_reservation op = { .extent_start = (uint64_t)frames, .domid = DOMID_SELF };

    for (uint64_t done = 0; done < nr; done += op.nr_extents) {
        op.nr_extents = MIN(nr - done, ARRAY_SIZE(frames));
        for (uint64_t i = 0; i < op.nr_extents; i++)
            frames[i] = pfn_to_mfn(start_info->nr_pages - done - 1 - i);
        NEED(hypercall_memory_decrease_reservation(&op) != (long)op.nr_extents);
    }
}

uint64_t domain_free_frames(void)
{
    struct xen_sysctl_physinfo info;

    NEED(hypercall_sysctl_physinfo(&info));
    return info.free_pages;
}

static void populate(struct test_domain *d)
{
    struct xen_memory_reservation op = { .extent_start = (uint64_t)d->p2m,
                                         .nr_extents = plan.start.nr_frames, .domid = d->id };

    for (uint64_t i = 0; i < plan.start.nr_frames; i++)
        d->p2m[i] = i;
    NEED(hypercall_memory_populate_physmap(&op) != (long)plan.start.nr_frames);
    for (uint64_t pfn = 0; pfn <= plan.at.stack; pfn++) /* need not come cleared */
        memset(frame_of(d, pfn), 0, PAGE_SIZE);
}

static void copy_in(struct test_domain *d, uint64_t paddr, const void *from, uint64_t bytes)
{
    for (uint64_t n; bytes; bytes -= n, paddr += n, from = (const char *)from + n) {
        n = MIN(bytes, PAGE_SIZE - (paddr & ~PAGE_MASK));
        memcpy((char *)frame_of(d, paddr >> PAGE_SHIFT) + (paddr & ~PAGE_MASK), from, n);
    }
}

static void fill(struct test_domain *d)
{
    struct elf_segment s;

    for (unsigned i = 0; i < plan.start.elf.nr_headers; i++) {
        NEED(elf_segment(&plan.start.elf, i, &s));
        if (s.type == ELF_PT_LOAD)
            copy_in(d, layout_paddr(&plan.start, &s), plan.start.elf.data + s.offset,
                    s.file_bytes);
    }
    copy_in(d, plan.at.p2m << PAGE_SHIFT, d->p2m, plan.start.nr_frames * sizeof(d->p2m[0]));
    pv_tables_fill(&plan.at, d->p2m, frame_of, d);
}

/* ---- start ----------------------------------------------------------------------------------- */

static void tell(struct test_domain *d)
{
    struct evtchn_alloc_unbound open = { .dom = d->id, .remote_dom = DOMID_SELF };
    struct evtchn_bind_interdomain bind = { .remote_dom = d->id };
    struct start_info *info;

    NEED(hypercall_evtchn_alloc_unbound(&open));
    bind.remote_port = open.port;
    NEED(hypercall_evtchn_bind_interdomain(&bind));
    d->port = bind.local_port;
    info = frame_of(d, plan.at.start_info);
    pv_start_info_fill(info, &plan.at, &plan.start);
    info->shared_info = plan.info_frame << PAGE_SHIFT;
    info->store_mfn = d->p2m[plan.at.rings];
    info->console.domU.mfn = d->p2m[plan.at.rings + 1];
    info->console.domU.evtchn = open.port;
    for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        ((struct shared_info *)window_at(d->id, plan.info_frame))
            ->vcpu_info[i].evtchn_upcall_mask = 1;
}

static void map_rings(struct test_domain *d)
{
    d->board_entry = *pte_of(d->board, 1);
    d->console_entry = *pte_of(d->console, 1);
    map_foreign(d->id, d->board, d->p2m[plan.at.rings]);
    map_foreign(d->id, d->console, d->p2m[plan.at.rings + 1]);
}

static void set_context(const struct test_domain *d)
{
    static struct vcpu_guest_context context;
    struct xen_domctl_vcpucontext op = { .ctxt = (uint64_t)&context };

    memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel | VGCF_online;
    context.user_regs.rip = plan.at.entry;
    context.user_regs.rsp = layout_virt(&plan.at, plan.at.stack + 1);
    context.user_regs.rsi = layout_virt(&plan.at, plan.at.start_info);
    context.user_regs.rflags = 1 << 9;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp = context.user_regs.rsp;
    context.ctrlreg[3] = xen_pfn_to_cr3(d->p2m[plan.at.tables]);
    NEED(hypercall_domctl_setvcpucontext(d->id, &op));
}

static void create(struct test_domain *d)
{
    struct xen_domctl_createdomain config = { .max_vcpus = VCPUS, .max_evtchn_port = 4095,
                                              .max_grant_frames = 64, .max_maptrack_frames = 64,
                                              .grant_opts = 1, .handle = { 0x17 } };
    struct xen_domctl_max_vcpus vcpus = { VCPUS };
    struct xen_domctl_max_mem limit = { plan.start.nr_frames * 4 };
    struct xen_domctl_getdomaininfo info;

    d->id = DOMID_INVALID;
    NEED(hypercall_domctl_createdomain(&d->id, &config));
    NEED(hypercall_domctl_max_vcpus(d->id, &vcpus));
    NEED(hypercall_domctl_max_mem(d->id, &limit));
    NEED(hypercall_domctl_getdomaininfo(d->id, &info));
    plan.info_frame = info.shared_info_frame;
}

static void plan_make(const void *image, uint64_t bytes, uint64_t frames, const char *cmdline)
{
    const char *why;

    plan.start = (struct pv_start){ .nr_frames = frames, .nr_rings = 2, .cmdline = cmdline };
    NEED(pv_kernel_open(&plan.start, image, bytes, &why));
    NEED(pv_layout_make(&plan.at, &plan.start, &why));
}

void domain_make(struct test_domain *d, const void *image, uint64_t bytes, uint64_t frames,
                 const char *cmdline)
{
    struct mmuext_op pin = { .cmd = MMUEXT_PIN_L4_TABLE };
    struct xen_foreign_memory_map map = { 0 };
    uint32_t ram[5] = { 0, 0, (uint32_t)(frames << PAGE_SHIFT), 0, 1 }; /* an e820 entry */

    plan_make(image, bytes, frames, cmdline);
    create(d);
    populate(d);
    fill(d);
    tell(d);
    map_rings(d);
    window_close();
    pin.arg1.mfn = d->p2m[plan.at.tables];
    NEED(hypercall_mmuext_op(&pin, 1, NULL, d->id));
    map.domid = d->id;
    map.map.nr_entries = 1;
    map.map.buffer = (uint64_t)ram;
    NEED(hypercall_memory_set_memory_map(&map));
    set_context(d);
}

void domain_unpause(struct test_domain *d)
{
    NEED(hypercall_domctl_unpausedomain(d->id));
}

/* ---- its life -------------------------------------------------------------------------------- */

/* Written by the other side at any time: what is read once is bounded by the ring. */
void domain_pump(struct test_domain *d)
{
    struct xencons_interface *ring = (struct xencons_interface *)d->console;
    XENCONS_RING_IDX cons = ring->out_cons;
    XENCONS_RING_IDX prod = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);
    char text[128];
    size_t n = 0;

    if (prod == cons)
        return;
    if (prod - cons > sizeof(ring->out))
        cons = prod;
    for (; cons != prod; cons++) {
        text[n++] = ring->out[MASK_XENCONS_IDX(cons, ring->out)];
        if (d->is_shown && (n == sizeof(text) || cons + 1 == prod))
            console_write(text, n);
        n %= sizeof(text);
    }
    __atomic_store_n(&ring->out_cons, cons, __ATOMIC_RELEASE);
    (void)event_send(d->port);
}

int domain_state(const struct test_domain *d)
{
    struct xen_domctl_getdomaininfo info;

    NEED(hypercall_domctl_getdomaininfo(d->id, &info));
    if (!(info.flags & XEN_DOMINF_shutdown))
        return DOMAIN_RUNNING;
    return info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

void domain_wait(const struct test_domain *d, uint64_t ns)
{
    (void)event_wait(d->port, test_now() + ns);
}

static bool is_gone(const struct test_domain *d)
{
    struct xen_domctl_getdomaininfo info;

    return hypercall_domctl_getdomaininfo(d->id, &info) || info.domain != d->id;
}

bool domain_destroy(struct test_domain *d)
{
    uint64_t end = test_now() + BOUND_NS;

    NEED(page_remap(d->board, d->board_entry));
    NEED(page_remap(d->console, d->console_entry));
    NEED(hypercall_domctl_destroydomain(d->id));
    (void)event_close(d->port);
    while (!is_gone(d) && test_now() < end)
        (void)hypercall_sched_yield();
    return is_gone(d);
}
