/* SPDX-License-Identifier: MIT */
/*
 * State on the console. Reads without locks, since it runs when things are broken: what it shows of
 * a vCPU that runs at this moment elsewhere is what was last saved.
 */
#include "core/dump.h"

#include "sys/log.h"

static const char *const state_name[] = { "running", "runnable", "blocked", "offline" };

void vcpu_print(const struct vcpu *v)
{
    const struct guest_cpu *g = &v->arch;
    const struct guest_regs *r = &g->regs;

    log_error("d%uv%u on cpu %u: %s, paused %x, work %x, %s mode%s", v->domain->id, v->id, v->cpu,
              state_name[v->state], v->paused, g->work, g->in_kernel ? "kernel" : "user",
              v->running ? ", loaded" : "");
    log_error("  rip %04x:%016lx rflags %08lx entry %x error %x", r->cs, r->rip, r->rflags,
              r->entry_vector, r->error_code);
    log_error("  rsp %04x:%016lx cr2 %016lx cr3 %lx user %lx", r->ss, r->rsp, g->cr2, g->cr3_kernel,
              g->cr3_user);
    log_error("  rax %016lx rbx %016lx rcx %016lx", r->rax, r->rbx, r->rcx);
    log_error("  rdx %016lx rsi %016lx rdi %016lx", r->rdx, r->rsi, r->rdi);
    log_error("  rbp %016lx r8  %016lx r9  %016lx", r->rbp, r->r8, r->r9);
    log_error("  r10 %016lx r11 %016lx r12 %016lx", r->r10, r->r11, r->r12);
    log_error("  r13 %016lx r14 %016lx r15 %016lx", r->r13, r->r14, r->r15);
    log_error("  fs %04x %016lx gs %04x %016lx user %016lx", g->fs, g->fs_base, g->gs,
              g->gs_base_kernel, g->gs_base_user);
    if (g->info)
        log_error("  events: pending %u mask %u selector %lx",
                  READ_ONCE(g->info->evtchn_upcall_pending), READ_ONCE(g->info->evtchn_upcall_mask),
                  READ_ONCE(g->info->evtchn_pending_sel));
}

void domain_print(const struct domain *d)
{
    log_error("d%u: %lu frames, weight %u, cap %u, refs %u, pauses %u%s%s", d->id, d->mm.nr_frames,
              d->weight, d->cap, d->refs, d->pause_count, d->is_shut_down ? ", shut down" : "",
              d->is_dying ? ", dying" : "");
    for_each_vcpu(d, v)
        log_error("  v%u: cpu %u %s paused %x events %u/%u run %lu ms", v->id, v->cpu,
                  state_name[v->state], v->paused, READ_ONCE(v->arch.info->evtchn_upcall_pending),
                  READ_ONCE(v->arch.info->evtchn_upcall_mask), v->state_ns[VCPU_RUNNING] / 1000000);
}

static void current_print(void)
{
    if (current)
        vcpu_print(current);
    else
        log_error("this CPU was idle or starting");
}

void dump_init(void)
{
    panic_set_dump(current_print);
}
