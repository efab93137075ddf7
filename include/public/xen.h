/* SPDX-License-Identifier: MIT */
/*
 * The core of the guest interface: hypercall numbers, domain numbers, the structures a guest is
 * started with, and the page-table, multicall and descriptor arguments of the 64-bit PV ABI.
 *
 * Layouts, numbers and meanings are those of Xen 4.17 for x86-64 PV guests; tests/abi holds every
 * one of them against the installed headers of that version. Conventions of all headers here:
 *  - fields are fixed-width integers; "machine" means the machine's physical address space,
 *    "pseudo-physical" the domain's own contiguous numbering of its frames;
 *  - a pointer into guest memory is a xen_handle_t, a virtual address in the caller's address
 *    space; the comment beside it says what it points at;
 *  - constants have no type suffix, so that assembly sources can include the file.
 */
#ifndef PUBLIC_XEN_H
#define PUBLIC_XEN_H

#if defined(__ASSEMBLER__) && !defined(__ASSEMBLY__)
#define __ASSEMBLY__ /* only constants; build rules may also define it for linker scripts */
#endif

/* --- hypercall numbers: RAX on entry; up to six arguments in RDI RSI RDX R10 R8 R9 --- */
#define __HYPERVISOR_set_trap_table 0
#define __HYPERVISOR_mmu_update 1
#define __HYPERVISOR_set_gdt 2
#define __HYPERVISOR_stack_switch 3
#define __HYPERVISOR_set_callbacks 4
#define __HYPERVISOR_fpu_taskswitch 5
#define __HYPERVISOR_sched_op_compat 6
#define __HYPERVISOR_platform_op 7
#define __HYPERVISOR_set_debugreg 8
#define __HYPERVISOR_get_debugreg 9
#define __HYPERVISOR_update_descriptor 10
#define __HYPERVISOR_memory_op 12
#define __HYPERVISOR_multicall 13
#define __HYPERVISOR_update_va_mapping 14
#define __HYPERVISOR_set_timer_op 15
#define __HYPERVISOR_event_channel_op_compat 16
#define __HYPERVISOR_xen_version 17
#define __HYPERVISOR_console_io 18
#define __HYPERVISOR_physdev_op_compat 19
#define __HYPERVISOR_grant_table_op 20
#define __HYPERVISOR_vm_assist 21
#define __HYPERVISOR_update_va_mapping_otherdomain 22
#define __HYPERVISOR_iret 23
#define __HYPERVISOR_vcpu_op 24
#define __HYPERVISOR_set_segment_base 25
#define __HYPERVISOR_mmuext_op 26
#define __HYPERVISOR_xsm_op 27
#define __HYPERVISOR_nmi_op 28
#define __HYPERVISOR_sched_op 29
#define __HYPERVISOR_callback_op 30
#define __HYPERVISOR_xenoprof_op 31
#define __HYPERVISOR_event_channel_op 32
#define __HYPERVISOR_physdev_op 33
#define __HYPERVISOR_hvm_op 34
#define __HYPERVISOR_sysctl 35
#define __HYPERVISOR_domctl 36
#define __HYPERVISOR_kexec_op 37
#define __HYPERVISOR_tmem_op 38
#define __HYPERVISOR_argo_op 39
#define __HYPERVISOR_xenpmu_op 40
#define __HYPERVISOR_dm_op 41
#define __HYPERVISOR_hypfs_op 42
#define __HYPERVISOR_arch_0 48 /* machine-check interface on x86 */
#define __HYPERVISOR_arch_1 49 /* paging assistance; unused for PV */
#define __HYPERVISOR_arch_2 50
#define __HYPERVISOR_arch_3 51
#define __HYPERVISOR_arch_4 52
#define __HYPERVISOR_arch_5 53
#define __HYPERVISOR_arch_6 54
#define __HYPERVISOR_arch_7 55

/* --- domain numbers --- */
#define DOMID_FIRST_RESERVED 0x7ff0 /* ordinary domains are below */
#define DOMID_SELF 0x7ff0           /* the calling domain */
#define DOMID_IO 0x7ff1             /* owner of device memory, named when mapping it */
#define DOMID_XEN 0x7ff2            /* owner of the hypervisor's shareable frames */
#define DOMID_COW 0x7ff3            /* owner of copy-on-write frames */
#define DOMID_INVALID 0x7ff4        /* nobody */
#define DOMID_IDLE 0x7fff           /* the idle domain */
#define DOMID_MASK 0x7fff

/* --- virtual interrupts (V: one per vCPU, G: one per domain) --- */
#define VIRQ_TIMER 0      /* V: a timer of the vCPU has expired */
#define VIRQ_DEBUG 1      /* V: the operator asks for a dump of state */
#define VIRQ_CONSOLE 2    /* G, dom0: the serial console has input */
#define VIRQ_DOM_EXC 3    /* G, dom0: some domain shut down or died */
#define VIRQ_TBUF 4       /* G, dom0: trace records are waiting */
#define VIRQ_DEBUGGER 6   /* G, dom0: a domain paused for a debugger */
#define VIRQ_XENOPROF 7   /* V: profiling sample */
#define VIRQ_CON_RING 8   /* G, dom0: the console log has grown */
#define VIRQ_PCPU_STATE 9 /* G, dom0: a physical CPU went on or off line */
#define VIRQ_MEM_EVENT 10 /* G, dom0: a memory event */
#define VIRQ_ARGO 11      /* G: inter-domain message */
#define VIRQ_ENOMEM 12    /* G, dom0: hypervisor memory runs low */
#define VIRQ_XENPMU 13    /* V: performance counter interrupt */
#define VIRQ_ARCH_0 16    /* machine-check event on x86 */
#define VIRQ_ARCH_1 17
#define VIRQ_ARCH_2 18
#define VIRQ_ARCH_3 19
#define VIRQ_ARCH_4 20
#define VIRQ_ARCH_5 21
#define VIRQ_ARCH_6 22
#define VIRQ_ARCH_7 23
#define NR_VIRQS 24

/* --- mmu_update: kind of update, in the low two bits of mmu_update.ptr --- */
#define MMU_NORMAL_PT_UPDATE 0       /* write an entry after checking it */
#define MMU_MACHPHYS_UPDATE 1        /* set the pseudo-physical number of a frame */
#define MMU_PT_UPDATE_PRESERVE_AD 2  /* as 0, but keep accessed and dirty as they are in memory */
#define MMU_PT_UPDATE_NO_TRANSLATE 3 /* as 0, and the value is a machine frame in any guest mode */

/* --- mmuext_op commands --- */
#define MMUEXT_PIN_L1_TABLE 0 /* PIN: keep a frame validated as a table of that level */
#define MMUEXT_PIN_L2_TABLE 1
#define MMUEXT_PIN_L3_TABLE 2
#define MMUEXT_PIN_L4_TABLE 3
#define MMUEXT_UNPIN_TABLE 4
#define MMUEXT_NEW_BASEPTR 5      /* kernel page-table root of this vCPU */
#define MMUEXT_TLB_FLUSH_LOCAL 6  /* this vCPU, everything */
#define MMUEXT_INVLPG_LOCAL 7     /* this vCPU, one page */
#define MMUEXT_TLB_FLUSH_MULTI 8  /* the vCPUs of a bitmap, everything */
#define MMUEXT_INVLPG_MULTI 9     /* the vCPUs of a bitmap, one page */
#define MMUEXT_TLB_FLUSH_ALL 10   /* all vCPUs, everything */
#define MMUEXT_INVLPG_ALL 11      /* all vCPUs, one page */
#define MMUEXT_FLUSH_CACHE 12     /* write back and invalidate caches, this CPU */
#define MMUEXT_SET_LDT 13         /* address and number of LDT entries */
#define MMUEXT_NEW_USER_BASEPTR 15 /* user page-table root of this vCPU, 0 for none */
#define MMUEXT_CLEAR_PAGE 16
#define MMUEXT_COPY_PAGE 17
#define MMUEXT_FLUSH_CACHE_GLOBAL 18 /* write back and invalidate caches, all CPUs */
#define MMUEXT_MARK_SUPER 19
#define MMUEXT_UNMARK_SUPER 20

/* --- update_va_mapping flags; bits 3 and up may hold a pointer to a vCPU bitmap (MULTI) --- */
#define UVMF_NONE 0
#define UVMF_TLB_FLUSH 1      /* flush everything */
#define UVMF_INVLPG 2         /* flush this page only */
#define UVMF_FLUSHTYPE_MASK 3
#define UVMF_MULTI 0          /* on the vCPUs of the bitmap */
#define UVMF_LOCAL 0          /* bitmap pointer 0: on this vCPU */
#define UVMF_ALL 4            /* on all vCPUs */

/* --- console_io commands --- */
#define CONSOLEIO_write 0
#define CONSOLEIO_read 1

/* --- vm_assist commands and types --- */
#define VMASST_CMD_enable 0
#define VMASST_CMD_disable 1
#define VMASST_TYPE_4gb_segments 0        /* 32-bit guests only; accepted, no effect */
#define VMASST_TYPE_4gb_segments_notify 1 /* 32-bit guests only; accepted, no effect */
#define VMASST_TYPE_writable_pagetables 2 /* plain writes to page tables are emulated */
#define VMASST_TYPE_pae_extended_cr3 3    /* 32-bit guests only; accepted, no effect */
#define VMASST_TYPE_architectural_iopl 4  /* IOPL checks as if the kernel ran in ring 0 */
#define VMASST_TYPE_runstate_update_flag 5 /* XEN_RUNSTATE_UPDATE is shown during an update */
#define VMASST_TYPE_m2p_strict 32         /* no M2P in the user page tables */

/* --- start_info.flags --- */
#define SIF_PRIVILEGED (1 << 0)      /* may make privileged hypercalls */
#define SIF_INITDOMAIN (1 << 1)      /* is the first domain */
#define SIF_MULTIBOOT_MOD (1 << 2)   /* mod_start is a list of xen_multiboot_mod_list */
#define SIF_MOD_START_PFN (1 << 3)   /* mod_start is a pseudo-physical frame, not mapped */
#define SIF_VIRT_P2M_4TOOLS (1 << 4) /* tools understand a virtually mapped p2m */
#define SIF_PM_MASK (0xff << 8)      /* power management options */

/* --- segments that exist beside the guest's own GDT entries --- */
#define FIRST_RESERVED_GDT_PAGE 14
#define FIRST_RESERVED_GDT_BYTE (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)

#define FLAT_RING3_CS32 0xe023
#define FLAT_RING3_CS64 0xe033
#define FLAT_RING3_DS32 0xe02b
#define FLAT_RING3_DS64 0x0000
#define FLAT_RING3_SS32 0xe02b
#define FLAT_RING3_SS64 0xe02b
#define FLAT_KERNEL_CS64 FLAT_RING3_CS64
#define FLAT_KERNEL_CS32 FLAT_RING3_CS32
#define FLAT_KERNEL_CS FLAT_KERNEL_CS64
#define FLAT_KERNEL_DS64 FLAT_RING3_DS64
#define FLAT_KERNEL_DS32 FLAT_RING3_DS32
#define FLAT_KERNEL_DS FLAT_KERNEL_DS64
#define FLAT_KERNEL_SS64 FLAT_RING3_SS64
#define FLAT_KERNEL_SS32 FLAT_RING3_SS32
#define FLAT_KERNEL_SS FLAT_KERNEL_SS64
#define FLAT_USER_CS64 FLAT_RING3_CS64
#define FLAT_USER_CS32 FLAT_RING3_CS32
#define FLAT_USER_CS FLAT_USER_CS64
#define FLAT_USER_DS64 FLAT_RING3_DS64
#define FLAT_USER_DS32 FLAT_RING3_DS32
#define FLAT_USER_DS FLAT_USER_DS64
#define FLAT_USER_SS64 FLAT_RING3_SS64
#define FLAT_USER_SS32 FLAT_RING3_SS32
#define FLAT_USER_SS FLAT_USER_SS64

/* --- the part of every address space that belongs to the hypervisor, and the machine-to-
 *     pseudo-physical table in it that guests may read: one 64-bit number per frame --- */
#define HYPERVISOR_VIRT_START 0xffff800000000000
#define HYPERVISOR_VIRT_END 0xffff880000000000
#define MACH2PHYS_VIRT_START 0xffff800000000000
#define MACH2PHYS_VIRT_END 0xffff804000000000
#define MACH2PHYS_NR_ENTRIES ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)

/* --- set_segment_base --- */
#define SEGBASE_FS 0
#define SEGBASE_GS_USER 1
#define SEGBASE_GS_KERNEL 2
#define SEGBASE_GS_USER_SEL 3 /* load the user GS selector in bits 0-15 */

/* --- vcpu_guest_context.flags; VGCF_in_syscall also in iret_context.flags --- */
#define VGCF_i387_valid (1 << 0)               /* fpu_ctxt is meaningful */
#define VGCF_in_kernel (1 << 2)                /* the vCPU is in kernel mode */
#define VGCF_failsafe_disables_events (1 << 3) /* the failsafe callback masks upcalls */
#define VGCF_syscall_disables_events (1 << 4)  /* the syscall callback masks upcalls */
#define VGCF_online (1 << 5)                   /* the vCPU starts running */
#define VGCF_in_syscall (1 << 8)               /* RCX and R11 may be lost on the way out */

/* --- CPUID leaves of the hypervisor: +0 signature, +1 version, +2 hypercall page MSR and count,
 *     +3 time, +4 HVM features, +5 PV: machine address width in EBX --- */
#define XEN_CPUID_FIRST_LEAF 0x40000000
#define XEN_CPUID_LEAF(i) (XEN_CPUID_FIRST_LEAF + (i))
#define XEN_CPUID_SIGNATURE_EBX 0x566e6558 /* "XenVMMXenVMM" */
#define XEN_CPUID_SIGNATURE_ECX 0x65584d4d
#define XEN_CPUID_SIGNATURE_EDX 0x4d4d566e
#define XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD (1 << 0)
#define XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK 0xff
#define XEN_CPUID_MAX_NUM_LEAVES 5

#define XEN_LEGACY_MAX_VCPUS 32 /* vCPUs whose vcpu_info has a place in shared_info */
#define MAX_GUEST_CMDLINE 1024

/* --- vcpu_time_info.flags --- */
#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0) /* times of all vCPUs are monotonic together */
#define XEN_PVCLOCK_GUEST_STOPPED (1 << 1)  /* the guest was paused by its host */

/* --- dom0_vga_console_info.video_type --- */
#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB 0x23
#define XEN_VGATYPE_EFI_LFB 0x70

#ifndef __ASSEMBLY__

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint16_t domid_t;
typedef uint64_t xen_pfn_t;       /* a frame number, machine or guest as the user says */
typedef uint64_t xen_ulong_t;     /* a machine word of the interface */
typedef uint64_t xen_callback_t;  /* a code address in the guest kernel */
typedef uint64_t xen_handle_t;    /* a virtual address in the caller's memory */
typedef uint8_t xen_domain_handle_t[16]; /* a domain's UUID, in text order */

/* CR3 as the interface shows it: the frame number in its usual place. */
#define xen_pfn_to_cr3(pfn) ((uint64_t)(pfn) << 12)
#define xen_cr3_to_pfn(cr3) ((uint64_t)(cr3) >> 12)

/* A bitmap passed to or from a tool. */
struct xenctl_bitmap {
    xen_handle_t bitmap; /* uint8_t[(nr_bits + 7) / 8] */
    uint32_t nr_bits;
};

/* One update of mmu_update. */
struct mmu_update {
    uint64_t ptr; /* machine address of the entry (8-byte aligned) | MMU_* */
    uint64_t val; /* new entry, or pseudo-physical number for MMU_MACHPHYS_UPDATE */
};

/* One operation of mmuext_op. */
struct mmuext_op {
    uint32_t cmd; /* MMUEXT_* */
    union {
        xen_pfn_t mfn;        /* PIN, UNPIN, BASEPTR, CLEAR_PAGE, COPY_PAGE (target) */
        uint64_t linear_addr; /* INVLPG, SET_LDT */
    } arg1;
    union {
        uint32_t nr_ents;      /* SET_LDT: number of 8-byte entries */
        xen_handle_t vcpumask; /* _MULTI: bitmap of vCPUs */
        xen_pfn_t src_mfn;     /* COPY_PAGE */
    } arg2;
};

/* One call of a multicall; result is written when the call is done. */
struct multicall_entry {
    xen_ulong_t op;
    xen_ulong_t result;
    xen_ulong_t args[6];
};

/*
 * Registers of a PV guest as tools see them. saved_upcall_mask is the event mask in force when the
 * guest was interrupted; the IF bit of rflags is its inverse.
 */
struct cpu_user_regs {
    uint64_t r15;
    uint64_t r14;
    uint64_t r13;
    uint64_t r12;
    uint64_t rbp;
    uint64_t rbx;
    uint64_t r11;
    uint64_t r10;
    uint64_t r9;
    uint64_t r8;
    uint64_t rax;
    uint64_t rcx;
    uint64_t rdx;
    uint64_t rsi;
    uint64_t rdi;
    uint32_t error_code;
    uint32_t entry_vector;
    uint64_t rip;
    uint16_t cs;
    uint16_t _pad0[1];
    uint8_t saved_upcall_mask;
    uint8_t _pad1[3];
    uint64_t rflags;
    uint64_t rsp;
    uint16_t ss;
    uint16_t _pad2[3];
    uint16_t es;
    uint16_t _pad3[3];
    uint16_t ds;
    uint16_t _pad4[3];
    uint16_t fs;
    uint16_t _pad5[3];
    uint16_t gs;
    uint16_t _pad6[3];
};

/* The frame that the iret hypercall reads from the guest's stack, lowest address first. */
struct iret_context {
    uint64_t rax;
    uint64_t r11;
    uint64_t rcx;
    uint64_t flags; /* VGCF_in_syscall or 0 */
    uint64_t rip;
    uint64_t cs;    /* RPL 3: to user mode; else: stay in the kernel */
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

/* One entry of the virtual interrupt descriptor table. */
struct trap_info {
    uint8_t vector;
    uint8_t flags; /* bits 0-1: lowest privilege that may use it by INT n; bit 2: mask upcalls */
    uint16_t cs;
    uint64_t address; /* handler; 0 ends a list given to set_trap_table */
};

#define TI_GET_DPL(ti) ((ti)->flags & 3)
#define TI_GET_IF(ti) ((ti)->flags & 4)
#define TI_SET_DPL(ti, dpl) ((ti)->flags |= (dpl))
#define TI_SET_IF(ti, mask) ((ti)->flags |= ((!!(mask)) << 2))

/* The whole state of a vCPU, for VCPUOP_initialise and XEN_DOMCTL_{get,set}vcpucontext. */
struct vcpu_guest_context {
    struct {
        char x[512]; /* FXSAVE image */
    } fpu_ctxt;
    uint64_t flags; /* VGCF_* */
    struct cpu_user_regs user_regs;
    struct trap_info trap_ctxt[256];
    uint64_t ldt_base; /* virtual address */
    uint64_t ldt_ents;
    uint64_t gdt_frames[16]; /* machine frames */
    uint64_t gdt_ents;
    uint64_t kernel_ss; /* stack on entry from user mode */
    uint64_t kernel_sp;
    uint64_t ctrlreg[8]; /* CR0..CR7; [3] kernel root and [1] user root as xen_pfn_to_cr3();
                          * an [1] in use has bit 0 set */
    uint64_t debugreg[8];
    uint64_t event_callback_eip;
    uint64_t failsafe_callback_eip;
    uint64_t syscall_callback_eip;
    uint64_t vm_assist; /* bit per VMASST_TYPE_* */
    uint64_t fs_base;
    uint64_t gs_base_kernel;
    uint64_t gs_base_user;
};

/*
 * The paravirtual clock of one vCPU. A reader takes the values between two equal, even versions:
 * ns = system_time + (((tsc - tsc_timestamp) << tsc_shift) * tsc_to_system_mul >> 32),
 * a negative shift going right.
 */
struct vcpu_time_info {
    uint32_t version; /* odd while being changed */
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time; /* ns since the hypervisor started */
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift;
    uint8_t flags; /* XEN_PVCLOCK_* */
    uint8_t pad1[2];
};

struct arch_vcpu_info {
    uint64_t cr2; /* address of the last page fault given to the vCPU */
    uint64_t pad;
};

/* What guest and hypervisor share per vCPU: 64 bytes. */
struct vcpu_info {
    uint8_t evtchn_upcall_pending; /* set by the hypervisor, cleared by the guest */
    uint8_t evtchn_upcall_mask;    /* non-zero: no upcall */
    xen_ulong_t evtchn_pending_sel; /* bit per word of evtchn_pending with news (2-level) */
    struct arch_vcpu_info arch;
    struct vcpu_time_info time;
};

/* The p2m table as the guest publishes it for tools; written by the guest only. */
struct arch_shared_info {
    uint64_t max_pfn; /* entries in the table */
    xen_pfn_t pfn_to_mfn_frame_list_list; /* root of the three-level form; ~0: linear form only */
    uint64_t nmi_reason; /* bits of XEN_NMIREASON_*, written by the hypervisor */
    uint64_t p2m_cr3;    /* root of the address space of p2m_vaddr, 0: linear form absent */
    uint64_t p2m_vaddr;
    uint64_t p2m_generation; /* odd while the guest changes the mapping of the table */
};

/* The page shared by a domain and the hypervisor. */
struct shared_info {
    struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
    xen_ulong_t evtchn_pending[64]; /* 2-level event channels: bit per port */
    xen_ulong_t evtchn_mask[64];
    uint32_t wc_version; /* wall clock at system time 0; odd while being changed */
    uint32_t wc_sec;     /* low word of seconds since 1970 */
    uint32_t wc_nsec;
    uint32_t wc_sec_hi;
    struct arch_shared_info arch;
};

/* The page that RSI points at when a guest kernel starts. */
struct start_info {
    /* --- set at boot and on resume --- */
    char magic[32];       /* "xen-3.0-x86_64" */
    uint64_t nr_pages;    /* frames of the domain */
    uint64_t shared_info; /* machine address */
    uint32_t flags;       /* SIF_* */
    xen_pfn_t store_mfn;  /* machine frame of the xenstore ring */
    uint32_t store_evtchn;
    union {
        struct {
            xen_pfn_t mfn; /* machine frame of the console ring */
            uint32_t evtchn;
        } domU;
        struct {
            uint32_t info_off; /* offset of dom0_vga_console_info in this page */
            uint32_t info_size;
        } dom0;
    } console;
    /* --- set at boot only --- */
    uint64_t pt_base;      /* virtual address of the L4 */
    uint64_t nr_pt_frames; /* frames of the initial page tables */
    uint64_t mfn_list;     /* virtual address of the p2m list, uint64_t[nr_pages] */
    uint64_t mod_start;    /* virtual address, or frame with SIF_MOD_START_PFN */
    uint64_t mod_len;      /* bytes */
    int8_t cmd_line[MAX_GUEST_CMDLINE];
    uint64_t first_p2m_pfn; /* frames of the p2m list when INIT_P2M is used */
    uint64_t nr_p2m_frames;
};

/* One module with SIF_MULTIBOOT_MOD. */
struct xen_multiboot_mod_list {
    uint32_t mod_start;
    uint32_t mod_end;
    uint32_t cmdline;
    uint32_t pad;
};

/* How dom0 finds the screen; follows start_info at console.dom0.info_off. */
struct dom0_vga_console_info {
    uint8_t video_type; /* XEN_VGATYPE_* */
    union {
        struct {
            uint16_t font_height; /* pixels */
            uint16_t cursor_x;
            uint16_t cursor_y;
            uint16_t rows;
            uint16_t columns;
        } text_mode_3;
        struct {
            uint16_t width; /* pixels */
            uint16_t height;
            uint16_t bytes_per_line;
            uint16_t bits_per_pixel;
            uint32_t lfb_base; /* physical address, low word */
            uint32_t lfb_size; /* units of 64 KiB */
            uint8_t red_pos;
            uint8_t red_size;
            uint8_t green_pos;
            uint8_t green_size;
            uint8_t blue_pos;
            uint8_t blue_size;
            uint8_t rsvd_pos;
            uint8_t rsvd_size;
            uint32_t gbl_caps;   /* VBE capabilities */
            uint16_t mode_attrs; /* VBE mode attributes */
            uint16_t pad;
            uint32_t ext_lfb_base; /* physical address, high word */
        } vesa_lfb;
    } u;
};

/* A prefix that sends the instruction to the hypervisor's emulator although it would not fault. */
#define XEN_EMULATE_PREFIX ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID XEN_EMULATE_PREFIX "cpuid"

/* One CPUID leaf or one MSR as tools pass them. */
#define XEN_CPUID_NO_SUBLEAF 0xffffffffu
struct xen_cpuid_leaf {
    uint32_t leaf;
    uint32_t subleaf; /* XEN_CPUID_NO_SUBLEAF where the leaf has none */
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
};
struct xen_msr_entry {
    uint32_t idx;
    uint32_t flags; /* 0 */
    uint64_t val;
};

#ifdef __cplusplus
}
#endif

#endif /* __ASSEMBLY__ */
#endif
