/* SPDX-License-Identifier: MIT */
/*
 * The processor a guest sees: descriptors, segment bases, debug registers, CPUID and MSR policy,
 * emulated instructions, roots. Functions act on current unless they take a vCPU.
 */
#ifndef LAMINA_PV_GUEST_CPU_H
#define LAMINA_PV_GUEST_CPU_H

#include "core/domain.h"
#include "pv/decode.h"

/* descriptor tables: pv/descriptor.c */
int gdt_set(struct vcpu *v, const uint64_t *frames, unsigned entries) must_check;
void gdt_drop(struct vcpu *v);
int ldt_set(struct vcpu *v, gva_t base, unsigned entries) must_check;
bool ldt_ok(gva_t base, uint64_t entries);     /* what ldt_set() accepts */
int descriptor_update(struct domain *d, maddr_t where, uint64_t descriptor) must_check;
uint16_t selector_fix(uint16_t sel);           /* RPL 3 */
/* The descriptor that `sel` names for v, as the guest wrote it; false: none. */
bool descriptor_read(struct vcpu *v, uint16_t sel, uint64_t *out) must_check;
/* Linear address of the next instruction; is its segment a 64-bit one? */
gva_t code_address(struct vcpu *v, bool *is_64);

/* segment bases, stack, FPU flag: pv/segment.c */
int segment_base_set(struct vcpu *v, unsigned which, uint64_t base) must_check;
int stack_switch(struct vcpu *v, uint64_t ss, uint64_t sp) must_check;
void iopl_set(struct vcpu *v, unsigned iopl); /* the virtual IOPL; takes the domain lock */
void iopl_show_all(struct domain *d); /* vm_assist(architectural_iopl) changed; takes the lock */
void fpu_taskswitch(struct vcpu *v, bool set);

/* debug registers: pv/debug.c */
void debugreg_reset(struct vcpu *v);
bool debug_address_ok(uint64_t address); /* not in the hypervisor */
int debugreg_set(struct vcpu *v, unsigned reg, uint64_t value) must_check;
int debugreg_get(struct vcpu *v, unsigned reg, uint64_t *value) must_check;

/* roots: pv/root.c */
int root_set_kernel(struct vcpu *v, mfn_t mfn) must_check;  /* NEW_BASEPTR; -ERESTART possible */
int root_set_user(struct vcpu *v, mfn_t mfn) must_check;    /* mfn 0: none */
void root_drop(struct vcpu *v); /* v runs nowhere */
void root_put(struct vcpu *v, mfn_t mfn); /* one reference, to the end; mfn 0: nothing */

/* pv/cpuid.c, pv/msr.c */
uint64_t cr4_fix(uint64_t cr4); /* the guest's view: what it may choose, and what is on */
/* What d sees, NULL: what any domU sees; to current its own choices apply. */
void cpuid_policy(const struct domain *d, uint32_t leaf, uint32_t sub, uint32_t out[4]);
int msr_read(struct vcpu *v, uint32_t msr, uint64_t *value) must_check;  /* -EFAULT: #GP */
int msr_write(struct vcpu *v, uint32_t msr, uint64_t value) must_check;

/* pv/emulate*.c: true when the instruction at rip was emulated and rip advanced */
bool emulate_privileged(struct vcpu *v);           /* after #GP */
bool emulate_invalid_op(struct vcpu *v);           /* after #UD: forced-emulation CPUID */
bool emulate_pte_write(struct vcpu *v, gva_t cr2); /* after a write fault on a read-only mapping */

/* Read and decode the instruction at rip, each byte once; false: not known or not readable. */
bool insn_fetch(struct vcpu *v, struct insn *out) must_check;
/* in, out and their string forms: false: #GP. May leave rip where it is, to be repeated.
 * pv/port.c */
bool emulate_port(struct vcpu *v, const struct insn *in) must_check;
/* The privilege level of the guest's mode: cli, sti and ports need an IOPL, INT n a DPL, of it. */
static inline int guest_level(const struct guest_cpu *g)
{
    return !g->in_kernel ? 3 : READ_ONCE(g->architectural_iopl) ? 0 : 1;
}

/* The vm_assist types that a guest may choose. */
#define VM_ASSIST_KNOWN                                                                            \
    (1u << VMASST_TYPE_4gb_segments | 1u << VMASST_TYPE_4gb_segments_notify |                      \
     1u << VMASST_TYPE_writable_pagetables | 1u << VMASST_TYPE_pae_extended_cr3 |                  \
     1u << VMASST_TYPE_architectural_iopl | 1u << VMASST_TYPE_runstate_update_flag)

/* The state of a vCPU after reset, all references dropped before: pv/context.c */
void guest_cpu_reset(struct vcpu *v);

/* Stubs of a hypercall page, 32 bytes a number: pv/hypercall_page.c */
void hypercall_page_fill(void *page);
int hypercall_page_write(struct domain *d, mfn_t mfn) must_check; /* -EINVAL: not d's to write */

/* dom0 and its start of day: pv/build.c */
struct pv_image {
    maddr_t kernel, initrd; /* the ELF file and the RAM disk, in RAM */
    uint64_t kernel_bytes, initrd_bytes;
    bool kernel_is_ours;    /* its frames hold nothing else: the domain may have them as they are */
    bool initrd_is_ours;    /* likewise */
    const char *cmdline;
    uint64_t nr_frames;     /* of the domain, initrd and page tables included */
    struct dom0_vga_console_info screen;
    uint32_t screen_bytes;  /* 0: no screen */
};
/*
 * d: new, with vCPU 0, owning no frames. 0; -ENOEXEC or -EINVAL (kernel), -ENOMEM: *why says it in
 * words. Some frames of kernel and initrd may belong to d afterwards, the others are still ours.
 */
int pv_build_dom0(struct domain *d, const struct pv_image *image, const char **why) must_check;
/* How many frames of kernel and initrd that would be; 0 if the kernel is no good. */
uint64_t pv_frames_in_place(const struct pv_image *image);

#endif
