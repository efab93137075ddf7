/* SPDX-License-Identifier: MIT */
/*
 * struct guest_cpu: the part of a vCPU that the entry and exit paths touch. x86/ knows nothing else
 * of a vCPU. struct vcpu (core/vcpu.h) begins with it, so one pointer is both.
 *
 * The processor enters from ring 3 with its stack pointer at the end of `regs`: registers are saved
 * in place, nothing is copied at a context switch. C code runs on the CPU's own stack. A struct
 * guest_cpu is aligned to 16 bytes.
 *
 * During a hypercall rbx, rbp and r12 to r15 are not in `regs` yet: entry.S stores them when the
 * vCPU has work on its way out. Hypercalls therefore return, and leave the CPU by WORK_*. One for
 * which rcx and r11 must not be lost (a bounce, iret within a multicall) sets entry_vector to 0:
 * then every register is loaded from regs.
 *
 * Assembly reads it through generated offsets (x86/asm_offsets.c); add fields freely, keep groups.
 */
#ifndef LAMINA_X86_GUEST_H
#define LAMINA_X86_GUEST_H

#include "lib/types.h"
#include "public/xen.h"

/* Same layout as the general part of the public cpu_user_regs, ending at ss. */
struct guest_regs {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint32_t error_code; /* what the processor pushed; 0 where it pushes none */
    uint32_t entry_vector; /* exception or interrupt vector; ENTRY_SYSCALL for SYSCALL/SYSENTER */
    uint64_t rip;
    uint16_t cs, pad_cs;
    uint8_t saved_upcall_mask;
    uint8_t pad_mask[3];
    uint64_t rflags;
    uint64_t rsp;
    uint16_t ss, pad_ss[3];
};

#define ENTRY_SYSCALL 0x100 /* entry_vector value: arrived by SYSCALL, rcx/r11 are clobbered */

/* A guest callback: where to go and whether event delivery is masked on the way. */
struct guest_callback {
    uint64_t rip; /* 0: none registered */
    bool mask_events;
};

/* work bits: set by anyone (atomically), looked at by the exit path before ring 3. */
#define WORK_SCHEDULE (1u << 0) /* another vCPU may deserve the CPU */
#define WORK_TIMER    (1u << 1) /* a deadline of this CPU passed */
#define WORK_PAUSE    (1u << 2) /* this vCPU shall stop: paused, blocked, dying */
#define WORK_TIME     (1u << 3) /* vcpu_time_info wants renewal */
#define WORK_NMI      (1u << 4) /* an NMI for the guest (or the watchdog) is pending */

#define TRAP_NMI 2 /* its entry of the trap table: the NMI callback is another name of it */

struct guest_cpu {
    uint64_t align; /* the processor aligns its stack to 16 bytes: regs must end on a multiple */
    struct guest_regs regs; /* the TSS points at its end */

    /* --- this vCPU only; read by entry.S --- */
    uint64_t cpu_stack;      /* C stack of the CPU that it runs on; set when it is loaded */
    uint64_t cr3_kernel;     /* machine address of the guest-kernel L4 */
    uint64_t cr3_user;       /* the same of the guest-user L4; 0: none */
    mfn_t root_old;          /* former root whose release was preempted (pv/root.c); 0: none */
    uint64_t kernel_rsp;     /* stack_switch(): where a bounce from user mode lands; change it by */
    uint64_t kernel_ss;      /* guest_set_kernel_stack(), which keeps bounce_rsp in step */
    uint64_t bounce_rsp;     /* place of a frame of 7 words there, never in hypervisor space */
    uint64_t frame_iopl;     /* for RFLAGS of bounce frames: iopl << 12 with architectural_iopl */
    /* Callback and trap addresses are canonical: whoever stores one checks it. */
    struct guest_callback syscall_cb, syscall32_cb, sysenter_cb, event_cb, failsafe_cb;
    struct trap_info *traps; /* 256 entries, kept by the hypervisor; address 0: none */
    struct vcpu_info guest_shared *info; /* hypervisor view; never NULL when loaded */
    uint32_t work;           /* WORK_* */
    bool in_kernel;          /* guest mode: kernel (true) or user */
    bool segments_bad;       /* a selector did not load: the next resume goes to failsafe */
    bool architectural_iopl; /* vm_assist: RFLAGS.IOPL in frames is the virtual IOPL */
    uint8_t iopl;            /* virtual IOPL, 0..3, set by PHYSDEVOP_set_iopl or in iret frames */

    /* --- segments: loaded and saved with the vCPU --- */
    uint16_t ds, es, fs, gs;
    uint64_t fs_base;
    uint64_t gs_base_kernel; /* active GS base while in_kernel */
    uint64_t gs_base_user;   /* active GS base while in user mode */

    /* --- descriptor tables: frames already typed descriptor pages by mm --- */
    uint32_t gdt_entries;             /* 0..7168 */
    uint32_t ldt_entries;             /* 0..8192 */
    gva_t ldt_base;                   /* guest address; pages are looked up on first use */
    mfn_t gdt_frames[14];
    mfn_t ldt_frames[16];             /* MFN_INVALID until touched */

    /* --- FPU, debug and control registers --- */
    void *xsave;             /* 64-byte aligned area of machine_xsave_size() bytes */
    uint64_t xcr0;           /* guest's choice, a subset of the host's */
    uint64_t dr[4], dr6, dr7; /* dr7 as loaded: I/O breakpoints are kept in dr7_io */
    uint64_t dr7_io;         /* the I/O breakpoint bits the guest wrote; never loaded */
    uint64_t cr0_ts;         /* X86_CR0_TS or 0: virtual task-switched flag (fpu_taskswitch) */
    uint64_t cr2;            /* what the guest reads from CR2 (also vcpu_info.arch.cr2) */
    uint64_t cr4;            /* guest's view: white-listed bits */
    uint64_t tsc_aux;
};

/* Entry code writes there without a further look, so a stack in hypervisor space is refused here:
 * what remains is an address that faults. */
static inline void guest_set_kernel_stack(struct guest_cpu *g, uint64_t ss, uint64_t rsp)
{
    uint64_t frame = (rsp & ~UINT64_C(15)) - 7 * 8;

    g->kernel_ss = ss;
    g->kernel_rsp = rsp;
    g->bounce_rsp = (frame - 8) >> 43 == 0x1ffff0 ? UINT64_C(1) << 62 : frame;
}

#endif
