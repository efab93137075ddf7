/* SPDX-License-Identifier: MIT */
/*
 * struct guest_cpu: the part of a vCPU that the entry and exit paths touch. x86/ knows nothing else
 * of a vCPU. struct vcpu (core/vcpu.h) begins with it, so one pointer is both.
 *
 * The processor enters from ring 3 with its stack pointer at the end of `regs`: registers are saved
 * in place, nothing is copied at a context switch. C code runs on the CPU's own stack.
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

struct guest_cpu {
    struct guest_regs regs; /* must stay first: the TSS points at its end */

    /* --- this vCPU only; read by entry.S --- */
    uint64_t cpu_stack;      /* C stack of the CPU that it runs on; set when it is loaded */
    uint64_t cr3_kernel;     /* machine address of the guest-kernel L4 */
    uint64_t cr3_user;       /* … of the guest-user L4; 0: none */
    mfn_t root_old;          /* former root whose release was preempted (pv/root.c); 0: none */
    uint64_t kernel_rsp;     /* stack_switch(): where a bounce from user mode lands */
    uint64_t kernel_ss;
    struct guest_callback syscall_cb, syscall32_cb, sysenter_cb, event_cb, failsafe_cb, nmi_cb;
    struct trap_info *traps; /* 256 entries, kept by the hypervisor; address 0: none */
    struct vcpu_info *info;  /* hypervisor view of the shared vcpu_info: mask and pending bytes */
    uint32_t work;           /* WORK_* */
    bool in_kernel;          /* guest mode: kernel (true) or user */
    bool user_gs_swapped;    /* never set by C; reserved for entry.S */
    bool runs_user_code_32;  /* reserved */
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

#endif
