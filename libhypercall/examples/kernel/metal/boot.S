/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader's 32-bit mode to 64-bit C, and the same way for the second CPU, which starts
 * in 16-bit mode at 0x8000. The first GiB is mapped at VIRT_BASE, and at 0 for the crossing; the
 * last GiB of the address space maps physical 3 to 4 GiB, where the APIC is.
 */
#define PHYS(symbol) (symbol - 0xffffffff80000000)
#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 0x10002 /* memory sizes; addresses are below */
#define AP_START 0x8000

#define CR0_PE 1
#define CR0_ON 0x80010001  /* PG, WP, PE */
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_ON 0x901      /* NXE, LME, SCE */

    .section .text.boot, "ax"
    .code32
    .balign 8
multiboot:
    .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)
    .long PHYS(multiboot), PHYS(multiboot), PHYS(image_end), PHYS(kernel_end), PHYS(boot_entry)

    .globl boot_entry
boot_entry:
    cld
    movl %ebx, PHYS(multiboot_info)
    movl $PHYS(l2_low), %edi       /* 512 entries of 2 MiB from 0, and 512 from 3 GiB */
    movl $0x83, %eax
    movl $512, %ecx
1:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b
    movl $PHYS(l2_high), %edi
    movl $0xc000009b, %eax         /* uncached */
    movl $512, %ecx
2:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 2b
    xorl %esp, %esp
    jmp long_mode

/* Both CPUs: page tables on, then 64 bits. ESP: 0 for the first, else the second. */
long_mode:
    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $PHYS(boot_l4), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    movl $EFER_ON, %eax
    xorl %edx, %edx
    wrmsr
    movl $CR0_ON, %eax
    movl %eax, %cr0
    lgdt PHYS(gdt_low_pointer)
    ljmp $8, $PHYS(bits64)

    .code64
bits64:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movabsq $high, %rax
    jmp *%rax
high:
    lgdt gdt_pointer(%rip)
    testl %esp, %esp
    jnz second
    leaq stack_first_end(%rip), %rsp
    call metal_main
    ud2
second:
    leaq stack_second_end(%rip), %rsp
    call metal_second
    ud2

/* Copied to AP_START, where the start-up message sends the second CPU. */
    .code16
    .globl ap_code, ap_code_end
ap_code:
    cli
    lgdtl %cs:(ap_gdt_pointer - ap_code)
    movl $CR0_PE, %eax
    movl %eax, %cr0
    ljmpl $24, $(AP_START + ap_32 - ap_code)
    .code32
ap_32:
    movl $16, %eax
    movl %eax, %ds
    movl $1, %esp
    movl $PHYS(long_mode), %eax
    jmp *%eax
    .balign 4
ap_gdt_pointer:
    .word 4 * 8 - 1
    .long PHYS(gdt)
ap_code_end:

    .data
    .balign 4096
boot_l4:
    .quad PHYS(boot_l3) + 3
    .fill 510, 8, 0
    .quad PHYS(boot_l3) + 3
    .globl boot_l4
boot_l3:                           /* entry 0 and 510: low memory; 511: high */
    .quad PHYS(l2_low) + 3
    .fill 509, 8, 0
    .quad PHYS(l2_low) + 3
    .quad PHYS(l2_high) + 3
    .balign 8
    .globl gdt, gdt_tss
gdt:
    .quad 0
    .quad 0x00af9b000000ffff       /* 8: kernel code */
    .quad 0x00cf93000000ffff       /* 16: data */
    .quad 0x00cf9b000000ffff       /* 24: 32-bit code, for starting CPUs */
    .quad 0x00cff3000000ffff       /* 32: user data */
    .quad 0x00affb000000ffff       /* 40: user code */
gdt_tss:
    .quad 0, 0                     /* 48: task state, for the stack of exceptions from user mode */
gdt_end:
gdt_low_pointer:
    .word gdt_end - gdt - 1
    .long PHYS(gdt)
gdt_pointer:
    .word gdt_end - gdt - 1
    .quad gdt
    .globl multiboot_info
multiboot_info:
    .long 0

    .bss
    .balign 4096
l2_low:
    .skip 4096
l2_high:
    .skip 4096
    .skip 16384
stack_first_end:
    .skip 16384
stack_second_end:
    .section .note.GNU-stack, "", @progbits
