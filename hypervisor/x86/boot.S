/* SPDX-License-Identifier: MIT */
/*
 * From a multiboot or multiboot2 loader to 64-bit C. The loader leaves us in 32-bit protected mode,
 * paging off, at some multiple of 2 MiB below 4 GiB: every address is formed relative to where we
 * find ourselves. We build the first page tables (image, first 4 GiB as direct map and as identity
 * for the change of mode), and enter long mode. Application processors arrive through the
 * trampoline, from real mode, with the same tables.
 */
#include "x86/layout.h"
#include "x86/regs.h"

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 0x00010003 /* modules on pages, memory map, address fields */
#define MB2_MAGIC 0xe85250d6

/* EAX: root. Leaves paging on, in compatibility mode. */
.macro ENABLE_LONG_MODE
    mov %eax, %cr3
    mov $(CR4_PAE), %eax
    mov %eax, %cr4
    mov $MSR_EFER, %ecx
    rdmsr
    or $(EFER_LME | EFER_NXE | EFER_SCE), %eax
    wrmsr
    mov %cr0, %eax
    and $~0x6000000c, %eax      /* caches on; no TS, no EM */
    or $(CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_PE), %eax
    mov %eax, %cr0
.endm

.macro BOOT_DESCRIPTORS
    .quad 0
    .quad 0x00af9b000000ffff    /* 0x08: 64-bit code */
    .quad 0x00cf93000000ffff    /* 0x10: data */
    .quad 0x00cf9b000000ffff    /* 0x18: 32-bit code */
.endm

    .section .text.boot, "ax", @progbits
    .code32

    .balign 8
    .global multiboot1_header
multiboot1_header:
    .long MB1_MAGIC
    .long MB1_FLAGS
    .long -(MB1_MAGIC + MB1_FLAGS)
    .long multiboot1
    .long IMAGE_LINK_MADDR
    .long multiboot_load_end
    .long multiboot_bss_end
    .long multiboot_entry

    .balign 8
    .global multiboot2_header
multiboot2_header:
    .long MB2_MAGIC
    .long 0
    .long multiboot2_header_end - multiboot2_header
    .long -(MB2_MAGIC + (multiboot2_header_end - multiboot2_header))
    .short 1, 0                 /* wanted: the memory map */
    .long 12
    .long 6
    .balign 8
    .short 2, 0                 /* addresses */
    .long 24
    .long multiboot2
    .long IMAGE_LINK_MADDR
    .long multiboot_load_end
    .long multiboot_bss_end
    .short 3, 0                 /* entry */
    .long 12
    .long multiboot_entry
    .balign 8
    .short 6, 0                 /* modules on pages */
    .long 8
    .short 10, 0                /* anywhere from 2 MiB up, on 2 MiB; prefer low */
    .long 24
    .long 0x00200000
    .long 0xffffffff
    .long 0x00200000
    .long 1
    .short 0, 0
    .long 8
multiboot2_header_end:

    .global boot_entry
boot_entry:
    cli
    cld
    mov %eax, %edi              /* magic; EBX keeps the information */
    /* There is no stack yet: borrow a word of the information structure to learn where we are. */
    mov 4(%ebx), %ebp
    lea 8(%ebx), %esp
    call here
here:
    pop %esi                    /* all addresses are relative to `here` */
    mov %ebp, 4(%ebx)
    lea (boot_stack_end - here)(%esi), %esp
    push %ebx
    push %edi

    /* Long mode and no-execute pages, or nothing. */
    mov $0x80000001, %eax
    cpuid
    and $((1 << 29) | (1 << 20)), %edx
    cmp $((1 << 29) | (1 << 20)), %edx
    jne unfit

    /* The first 4 GiB, writable, global, 2 MiB each. */
    lea (direct_l2 - here)(%esi), %edi
    mov $(PTE_P | PTE_RW | PTE_A | PTE_D | PTE_PSE | PTE_G), %eax
    mov $2048, %ecx
1:  mov %eax, (%edi)
    movl $0, 4(%edi)
    add $8, %edi
    add $0x200000, %eax
    loop 1b
    lea (hypervisor_l3 + (SLOT_DIRECT - SLOT_FIRST) * 4096 - here)(%esi), %edi
    lea (direct_l2 - here + (PTE_P | PTE_RW | PTE_A))(%esi), %eax
    mov $4, %ecx
1:  mov %eax, (%edi)
    add $8, %edi
    add $4096, %eax
    loop 1b

    /* The image, executable and writable for now; paging_init() tightens it. */
    lea (image_l2 - here)(%esi), %edi
    lea (multiboot1_header - here)(%esi), %eax /* the image starts with it */
    and $0xffe00000, %eax
    or $(PTE_P | PTE_RW | PTE_A | PTE_D | PTE_PSE), %eax
    mov $IMAGE_TABLES, %ecx
1:  mov %eax, (%edi)
    add $8, %edi
    add $0x200000, %eax
    loop 1b
    lea (image_l2 - here + (PTE_P | PTE_RW | PTE_A))(%esi), %eax
    mov %eax, (hypervisor_l3 + (SLOT_IMAGE - SLOT_FIRST) * 4096 - here)(%esi)

    /* The root: sixteen shared slots, nothing executable but the image; identity at 0. */
    lea (boot_l4 + SLOT_FIRST * 8 - here)(%esi), %edi
    lea (hypervisor_l3 - here + (PTE_P | PTE_RW | PTE_A))(%esi), %eax
    mov $NR_SLOTS, %ecx
1:  mov %eax, (%edi)
    movl $0x80000000, 4(%edi)
    add $8, %edi
    add $4096, %eax
    loop 1b
    movl $0, (boot_l4 + SLOT_IMAGE * 8 + 4 - here)(%esi)
    lea (hypervisor_l3 + (SLOT_DIRECT - SLOT_FIRST) * 4096 - here)(%esi), %eax
    or $(PTE_P | PTE_RW | PTE_A), %eax
    mov %eax, (boot_l4 - here)(%esi)

    /* The descriptor table register wants a linear address. */
    lea (boot_gdt - here)(%esi), %eax
    mov %eax, (boot_gdtr + 2 - here)(%esi)
    lgdt (boot_gdtr - here)(%esi)
    lea (boot_l4 - here)(%esi), %eax
    ENABLE_LONG_MODE
    pop %edi
    pop %ebx
    lea (boot_long - here)(%esi), %eax
    push $8
    push %eax
    lret

/* A processor without long mode or no-execute cannot run this; there is no console to say so on
 * but the text screen. */
unfit:
    movl $0x4f344f36, 0xb8000   /* "64" */
    movl $0x4f3f4f3f, 0xb8004   /* "??" */
1:  hlt
    jmp 1b

    .code64
boot_long:
    movabs $boot_high, %rax
    jmp *%rax
boot_high:
    xor %eax, %eax
    mov %eax, %ss
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    lea boot_stack_end(%rip), %rsp
    mov %ebx, %esi              /* machine_boot(magic, info) */
    mov %edi, %edi
    xor %ebp, %ebp
    call machine_boot
    ud2

/*
 * Application processors: copied to a page below 1 MiB, entered in real mode with CS = page / 16.
 * The words below, filled by smp.c, say where page, tables, stack and code are.
 */
    .balign 16
    .code16
    .global trampoline_start, trampoline_words, trampoline_end
#define T(label) (label - trampoline_start)
trampoline_start:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    mov T(trampoline_page), %ebx /* linear address of this page */
    lea T(trampoline_gdt)(%ebx), %eax
    mov %eax, T(trampoline_gdtr) + 2
    lea T(trampoline_32)(%ebx), %eax
    mov %eax, T(trampoline_far32)
    lea T(trampoline_64)(%ebx), %eax
    mov %eax, T(trampoline_far64)
    lgdtl T(trampoline_gdtr)
    mov %cr0, %eax
    or $CR0_PE, %eax
    mov %eax, %cr0
    ljmpl *T(trampoline_far32)
    .code32
trampoline_32:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %ss
    mov T(trampoline_root)(%ebx), %eax
    ENABLE_LONG_MODE
    ljmpl *T(trampoline_far64)(%ebx)
    .code64
trampoline_64:
    mov trampoline_entry(%rip), %rax
    mov trampoline_stack(%rip), %rsp
    jmp *%rax
    .balign 8
trampoline_words:
trampoline_entry: .quad 0
trampoline_stack: .quad 0
trampoline_root:  .long 0
trampoline_page:  .long 0
trampoline_far32: .long 0
                  .short 0x18
trampoline_far64: .long 0
                  .short 0x08
trampoline_gdtr:  .short boot_gdt_end - boot_gdt - 1
                  .long 0
trampoline_gdt:
    BOOT_DESCRIPTORS
trampoline_end:

    .section .data
    .balign 8
boot_gdt:
    BOOT_DESCRIPTORS
boot_gdt_end:
boot_gdtr:
    .short boot_gdt_end - boot_gdt - 1
    .quad 0

    .section .bss
    .balign 16
    .skip 8192
boot_stack_end:

    .section .note.GNU-stack, "", @progbits
