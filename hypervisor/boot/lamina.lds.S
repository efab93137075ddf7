/* SPDX-License-Identifier: MIT */
/*
 * The image: code, constants and data on page boundaries so that each gets its own protection.
 * Linked at its final virtual address; physical placement is the loader's, any multiple of 2 MiB.
 */
#include "x86/layout.h"

OUTPUT_FORMAT(elf64-x86-64)
OUTPUT_ARCH(i386:x86-64)
ENTRY(boot_entry)

PHDRS
{
    text PT_LOAD FLAGS(5);
    rodata PT_LOAD FLAGS(4);
    data PT_LOAD FLAGS(6);
}

SECTIONS
{
    . = IMAGE_VIRT;
    image_start = .;
    .text : {
        KEEP(*(.text.boot))
        . = ALIGN(64);
        *(.text.entry)
        *(.text .text.*)
        . = ALIGN(4096);
    } :text
    image_rodata = .;
    .rodata : {
        *(.rodata .rodata.*)
        . = ALIGN(8);
        recovery_table = .;
        KEEP(*(.recovery))
        recovery_table_end = .;
        smap_sites = .;
        KEEP(*(.smap_sites))
        smap_sites_end = .;
    } :rodata
    .note.gnu.build-id : {
        build_id_note = .;
        *(.note.gnu.build-id)
        build_id_note_end = .;
    } :rodata
    . = ALIGN(4096);
    image_data = .;
    .data : {
        *(.data .data.rel* .data.[a-oq-z]*)
        *(.got .got.plt)
        . = ALIGN(64);
        percpu_start = .;
        *(.data.percpu)
        . = ALIGN(64);
        percpu_end = .;
        image_load_end = .;
    } :data
    .bss (NOLOAD) : {
        . = ALIGN(4096);
        *(.bss.page)
        *(.bss .bss.* COMMON)
        . = ALIGN(4096);
    } :data
    image_end = .;

    multiboot_load_end = IMAGE_LINK_MADDR + (image_load_end - image_start);
    multiboot_bss_end = IMAGE_LINK_MADDR + (image_end - image_start);
    multiboot_entry = IMAGE_LINK_MADDR + (boot_entry - image_start);
    multiboot1 = IMAGE_LINK_MADDR + (multiboot1_header - image_start);
    multiboot2 = IMAGE_LINK_MADDR + (multiboot2_header - image_start);

    /DISCARD/ : { *(.comment) *(.eh_frame) *(.note.GNU-stack) *(.note.gnu.property) }
}

ASSERT(image_end - image_start <= IMAGE_MAX, "the image is larger than its page tables")
ASSERT(percpu_end - percpu_start <= BLOCK_PERCPU_MAX, "per-CPU data does not fit into the block")
