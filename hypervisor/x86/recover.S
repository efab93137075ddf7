/* SPDX-License-Identifier: MIT */
/*
 * Instructions that may fault without it being the hypervisor's mistake: copies to and from guest
 * memory, MSRs that may not exist, selectors and FPU state that a guest chose. Each returns an
 * indication where the fault would have been.
 */
#include "public/errno.h"
#include "x86/entry.h"

    .text

/* size_t machine_copy_{from,to}_guest(dst, src, bytes): bytes not copied. */
    .balign 16
    .global machine_copy_from_guest, machine_copy_to_guest
machine_copy_from_guest:
machine_copy_to_guest:
    mov %rdx, %rcx
    STAC
copy_first:
    cmp $8, %rcx
    jne 1f
    mov (%rsi), %rax
    mov %rax, (%rdi)
    jmp copy_done
1:  cmp $16, %rcx
    jne copy_long
    mov (%rsi), %rax
    mov 8(%rsi), %rdx
    mov %rax, (%rdi)
    mov %rdx, 8(%rdi)
copy_done:
    xor %ecx, %ecx
copy_fault:                     /* RCX: what is left, all of it for the short ones */
    CLAC
    mov %rcx, %rax
    ret
copy_long:                      /* lists of structures: in words */
    test $7, %cl
    jnz copy_bytes
    shr $3, %rcx
copy_words:
    rep movsq
copy_words_fault:
    shl $3, %rcx
    jmp copy_fault
copy_bytes:
    rep movsb
copy_bytes_fault:
    jmp copy_fault
    RECOVER copy_first, copy_done, copy_fault
    RECOVER copy_words, copy_words_fault, copy_words_fault
    RECOVER copy_bytes, copy_bytes_fault, copy_fault

/* size_t machine_clear_guest(dst, bytes) */
    .balign 16
    .global machine_clear_guest
machine_clear_guest:
    mov %rsi, %rcx
    xor %eax, %eax
    STAC
1:  rep stosb
2:  CLAC
    mov %rcx, %rax
    ret
    RECOVER 1b, 2b, 2b

/* int machine_rdmsr(msr, value *), int machine_wrmsr(msr, value) */
    .balign 16
    .global machine_rdmsr, machine_wrmsr
machine_rdmsr:
    mov %edi, %ecx
1:  rdmsr
2:  shl $32, %rdx
    or %rdx, %rax
    mov %rax, (%rsi)
    xor %eax, %eax
    ret
    RECOVER 1b, 2b, msr_refused
machine_wrmsr:
    mov %edi, %ecx
    mov %rsi, %rax
    mov %rsi, %rdx
    shr $32, %rdx
1:  wrmsr
2:  xor %eax, %eax
    ret
    RECOVER 1b, 2b, msr_refused
msr_refused:
    mov $-XEN_EFAULT, %eax
    ret

/* bool {ds,es,fs,gs}_try_set(selector): false, and a null selector, when it faults */
.macro SELECTOR name, reg
    .balign 16
    .global \name
\name:
1:  mov %edi, %\reg
2:  mov $1, %eax
    ret
3:  xor %eax, %eax
    mov %eax, %\reg
    ret
    RECOVER 1b, 2b, 3b
.endm
    SELECTOR ds_try_set, ds
    SELECTOR es_try_set, es
    SELECTOR fs_try_set, fs
    SELECTOR gs_try_set, gs

/* bool xrstor_try(area, mask), bool fxrstor_try(area) */
    .balign 16
    .global xrstor_try, fxrstor_try
xrstor_try:
    mov %rsi, %rax
    mov %rsi, %rdx
    shr $32, %rdx
1:  xrstor64 (%rdi)
2:  mov $1, %eax
    ret
    RECOVER 1b, 2b, refused
refused:
    xor %eax, %eax
    ret
fxrstor_try:
1:  fxrstor64 (%rdi)
2:  mov $1, %eax
    ret
    RECOVER 1b, 2b, refused

/* bool xsetbv_try(value) */
    .balign 16
    .global xsetbv_try
xsetbv_try:
    mov %rdi, %rax
    mov %rdi, %rdx
    shr $32, %rdx
    xor %ecx, %ecx
1:  xsetbv
2:  mov $1, %eax
    ret
    RECOVER 1b, 2b, refused

    .section .note.GNU-stack, "", @progbits
