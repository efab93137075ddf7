/* SPDX-License-Identifier: MIT */
/* Starting further vCPUs. */
#include "lamina/event.h"
#include "lamina/hypercall.h"
#include "lamina/paging.h"
#include "lamina/trap.h"
#include "lamina/vcpu.h"
#include "public/errno.h"

#define STACK_BYTES 16384u
#define RFLAGS_IOPL 0x1000u /* the kernel's own privilege level */

unsigned vcpu_count(void)
{
    unsigned nr = 0;

    while (nr < VCPUS_MAX && hypercall_vcpu_is_up(nr) >= 0)
        nr++;
    return nr;
}

static void fill_registers(struct vcpu_guest_context *context, void (*main)(void *arg), void *arg,
                           uint64_t stack_end)
{
    context->flags = VGCF_in_kernel;
    context->user_regs.rip = (uint64_t)main;
    context->user_regs.rdi = (uint64_t)arg;
    context->user_regs.rsp = stack_end - 8; /* as after a call */
    context->user_regs.cs = FLAT_KERNEL_CS;
    context->user_regs.ss = FLAT_KERNEL_SS;
    context->user_regs.rflags = RFLAGS_IOPL;
    context->kernel_ss = FLAT_KERNEL_SS;
    context->kernel_sp = stack_end - STACK_BYTES / 2;
    context->ctrlreg[3] = xen_pfn_to_cr3(virt_to_mfn((void *)start_info->pt_base));
}

long vcpu_start(unsigned id, void (*main)(void *arg), void *arg, void *stack_end)
{
    static struct vcpu_guest_context context;
    long error;

    if (id >= VCPUS_MAX)
        return -XEN_ENOENT;
    context = (struct vcpu_guest_context){ 0 };
    fill_registers(&context, main, arg, (uint64_t)stack_end);
    trap_fill_context(id, &context);
    error = hypercall_vcpu_initialise(id, &context);
    return error ? error : hypercall_vcpu_up(id);
}

void vcpu_events_disable(unsigned id)
{
    __atomic_store_n(&shared_info->vcpu_info[id].evtchn_upcall_mask, 1, __ATOMIC_SEQ_CST);
}

void vcpu_events_enable(unsigned id)
{
    struct vcpu_info *info = &shared_info->vcpu_info[id];

    __atomic_store_n(&info->evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&info->evtchn_upcall_pending, __ATOMIC_SEQ_CST))
        hypercall_version_version(); /* any hypercall delivers it */
}

long vcpu_ipi(unsigned id)
{
    struct evtchn_bind_ipi op = { .vcpu = id };
    long error = hypercall_evtchn_bind_ipi(&op);

    return error ? error : (long)op.port;
}
