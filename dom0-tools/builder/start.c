/* SPDX-License-Identifier: MIT */
/*
 * The end of building: page tables become such, the hypercall page is filled, upcalls are masked,
 * grants let dom0 at the rings, and vCPU 0 gets its first state. Until then the domain's memory is
 * ordinary.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "builder/build.h"
#include "lamina/host.h"

/* Grant references that tools rely on. */
enum { GRANT_CONSOLE = 0, GRANT_STORE = 1 };

static int pin_tables(const struct build *build)
{
    struct mmuext_op *op = host_buffer_alloc(sizeof(*op));

    if (!op)
        return -ENOMEM;
    op->cmd = MMUEXT_PIN_L4_TABLE;
    op->arg1.mfn = build->p2m[build->at.tables];
    int rc = (int)hypercall_mmuext_op(op, 1, NULL, build->request->domain);
    host_buffer_free(op, sizeof(*op));
    return rc;
}

static int fill_hypercall_page(const struct build *build)
{
    if (!build->kernel.start.notes.has_hypercall_page)
        return 0;
    struct xen_domctl_hypercall_init init = { .gmfn = build->p2m[build->at.hypercall_page] };
    return (int)hypercall_domctl_hypercall_init(build->request->domain, &init);
}

static int mask_upcalls(const struct build *build)
{
    void *page;
    int rc = host_frames_map(build->request->domain, &build->shared_info, 1,
                             PROT_READ | PROT_WRITE, NULL, &page);

    if (rc)
        return rc;
    struct shared_info *shared = page;
    for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        shared->vcpu_info[i].evtchn_upcall_mask = 1;
    host_unmap(page, 1);
    return 0;
}

static void grant(struct grant_entry_v1 *entry, domid_t to, uint64_t mfn)
{
    entry->domid = to;
    entry->frame = (uint32_t)mfn;
    __atomic_store_n(&entry->flags, GTF_permit_access, __ATOMIC_RELEASE);
}

static int grant_rings(const struct build *build)
{
    const uint64_t *rings = build->p2m + build->at.rings; /* store, console */
    void *page;

    if (rings[0] > UINT32_MAX || rings[1] > UINT32_MAX)
        return -ERANGE;
    int rc = host_resource_map(build->request->domain, XENMEM_resource_grant_table,
                               XENMEM_resource_grant_table_id_shared, 0, 1, &page);
    if (rc)
        return rc;
    struct grant_entry_v1 *table = page;
    grant(&table[GRANT_CONSOLE], build->request->console_domain, rings[1]);
    grant(&table[GRANT_STORE], build->request->store_domain, rings[0]);
    host_unmap(page, 1);
    return 0;
}

void build_context(const struct build *build, struct vcpu_guest_context *context)
{
    const struct pv_layout *at = &build->at;
    struct cpu_user_regs *regs = &context->user_regs;

    memset(context, 0, sizeof(*context));
    context->flags = VGCF_in_kernel | VGCF_online;
    regs->rip = at->entry;
    regs->rsp = layout_virt(at, at->stack + 1);
    regs->rsi = layout_virt(at, at->start_info);
    regs->rflags = 1 << 9;
    regs->cs = FLAT_KERNEL_CS;
    regs->ss = FLAT_KERNEL_SS;
    regs->ds = regs->es = regs->fs = regs->gs = FLAT_KERNEL_DS;
    context->kernel_ss = regs->ss;
    context->kernel_sp = regs->rsp;
    context->ctrlreg[3] = xen_pfn_to_cr3(build->p2m[at->tables]);
}

static int set_context(const struct build *build)
{
    struct vcpu_guest_context *context = host_buffer_alloc(sizeof(*context));

    if (!context)
        return -ENOMEM;
    build_context(build, context);
    struct xen_domctl_vcpucontext op = { .vcpu = 0, .ctxt = (uintptr_t)context };
    int rc = (int)hypercall_domctl_setvcpucontext(build->request->domain, &op);
    host_buffer_free(context, sizeof(*context));
    return rc;
}

static const struct {
    int (*run)(const struct build *build);
    const char *what;
} steps[] = {
    { fill_hypercall_page, "the hypercall page was refused" },
    { pin_tables, "the first page tables were refused" },
    { mask_upcalls, "the shared page cannot be written" },
    { grant_rings, "the rings cannot be granted" },
    { set_context, "the first state of vCPU 0 was refused" },
};

int build_start(struct build *build)
{
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        int rc = steps[i].run(build);
        if (rc)
            return failure_set(build->failure, FAILURE_OPERATION, rc, "%s", steps[i].what);
    }
    return 0;
}
