/* SPDX-License-Identifier: MIT */
/*
 * platform_op: what a dom0 kernel asks and tells about the machine: wall clock, firmware tables,
 * sleep states, physical CPUs. One argument: pointer to struct xen_platform_op, whose
 * interface_version must be XENPF_INTERFACE_VERSION (else -XEN_EACCES).
 */
#ifndef PUBLIC_PLATFORM_H
#define PUBLIC_PLATFORM_H

#include "xen.h"

#define XENPF_INTERFACE_VERSION 0x03000001

#define XENPF_settime32 17
#define XENPF_add_memtype 31
#define XENPF_del_memtype 32
#define XENPF_read_memtype 33
#define XENPF_microcode_update 35
#define XENPF_platform_quirk 39
#define XENPF_get_cpu_version 48
#define XENPF_efi_runtime_call 49
#define XENPF_firmware_info 50
#define XENPF_enter_acpi_sleep 51
#define XENPF_change_freq 52
#define XENPF_getidletime 53
#define XENPF_set_processor_pminfo 54
#define XENPF_get_cpuinfo 55
#define XENPF_cpu_online 56
#define XENPF_cpu_offline 57
#define XENPF_cpu_hotadd 58
#define XENPF_mem_hotadd 59
#define XENPF_core_parking 60
#define XENPF_resource_op 61
#define XENPF_settime64 62
#define XENPF_get_symbol 63

/* --- xenpf_firmware_info.type, and index of XEN_FW_EFI_INFO --- */
#define XEN_FW_DISK_INFO 1
#define XEN_FW_DISK_MBR_SIGNATURE 2
#define XEN_FW_VBEDDC_INFO 3
#define XEN_FW_EFI_INFO 4
#define XEN_FW_KBD_SHIFT_FLAGS 5
#define XEN_FW_EFI_VERSION 0
#define XEN_FW_EFI_CONFIG_TABLE 1
#define XEN_FW_EFI_VENDOR 2
#define XEN_FW_EFI_MEM_INFO 3
#define XEN_FW_EFI_RT_VERSION 4
#define XEN_FW_EFI_PCI_ROM 5
#define XEN_FW_EFI_APPLE_PROPERTIES 6

#define XENPF_ACPI_SLEEP_EXTENDED 1

#define XEN_PCPU_FLAGS_ONLINE 1
#define XEN_PCPU_FLAGS_INVALID 2

/* --- xenpf_efi_runtime_call.function --- */
#define XEN_EFI_get_time 1
#define XEN_EFI_set_time 2
#define XEN_EFI_get_wakeup_time 3
#define XEN_EFI_set_wakeup_time 4
#define XEN_EFI_get_next_high_monotonic_count 5
#define XEN_EFI_get_variable 6
#define XEN_EFI_set_variable 7
#define XEN_EFI_get_next_variable_name 8
#define XEN_EFI_query_variable_info 9
#define XEN_EFI_query_capsule_capabilities 10
#define XEN_EFI_update_capsule 11

#ifndef __ASSEMBLY__

/* Wall clock at a moment of system time. */
struct xenpf_settime32 {
    uint32_t secs; /* since 1970 */
    uint32_t nsecs;
    uint64_t system_time; /* ns */
};

struct xenpf_settime64 {
    uint64_t secs;
    uint32_t nsecs;
    uint32_t mbz;
    uint64_t system_time;
};

struct xenpf_firmware_info {
    uint32_t type;  /* XEN_FW_* */
    uint32_t index; /* which of that type, from 0; -XEN_ESRCH past the last */
    union {
        struct {
            uint8_t device; /* BIOS number, 0x80 up */
            uint8_t version;
            uint16_t interface_support;
            uint16_t legacy_max_cylinder;
            uint8_t legacy_max_head;
            uint8_t legacy_sectors_per_track;
            xen_handle_t edd_params; /* int 0x13 parameters, first 16 bits: size */
        } disk_info;
        struct {
            uint8_t device;
            uint32_t mbr_signature;
        } disk_mbr_signature;
        struct {
            uint8_t capabilities;
            uint8_t edid_transfer_time;
            xen_handle_t edid; /* uint8_t[128] */
        } vbeddc_info;
        union xenpf_efi_info {
            uint32_t version;
            struct {
                uint64_t addr;
                uint32_t nent;
            } cfg;
            struct {
                uint32_t revision;
                uint32_t bufsz;    /* bytes */
                xen_handle_t name; /* uint16_t[bufsz / 2] */
            } vendor;
            struct {
                uint64_t addr;
                uint64_t size;
                uint64_t attr;
                uint32_t type;
            } mem;
            struct {
                uint16_t segment;
                uint8_t bus;
                uint8_t devfn;
                uint16_t vendor;
                uint16_t devid;
                uint64_t address;
                xen_ulong_t size;
            } pci_rom;
            struct {
                uint64_t address;
                xen_ulong_t size;
            } apple_properties;
        } efi_info;
        uint8_t kbd_shift_flags; /* INT 16h, AH = 2 */
    } u;
};

struct xenpf_enter_acpi_sleep {
    uint16_t val_a; /* PM1a control, or sleep control with _EXTENDED */
    uint16_t val_b; /* PM1b control, or sleep status with _EXTENDED */
    uint32_t sleep_state;
    uint32_t flags; /* XENPF_ACPI_SLEEP_* */
};

struct xenpf_getidletime {
    xen_handle_t cpumap_bitmap; /* in, out: CPUs asked for, CPUs answered */
    uint32_t cpumap_nr_cpus;
    xen_handle_t idletime; /* uint64_t[cpumap_nr_cpus], ns */
    uint64_t now;          /* out: system time */
};

struct xenpf_pcpuinfo {
    uint32_t xen_cpuid;   /* in: CPU number */
    uint32_t max_present; /* out: highest one present */
    uint32_t flags;       /* out: XEN_PCPU_FLAGS_* */
    uint32_t apic_id;
    uint32_t acpi_id;
};

struct xenpf_pcpu_version {
    uint32_t xen_cpuid;
    uint32_t max_present;
    char vendor_id[12];
    uint32_t family;
    uint32_t model;
    uint32_t stepping;
};

struct xenpf_cpu_ol {
    uint32_t cpuid;
};

struct xenpf_core_parking {
    uint32_t type;
    uint32_t idle_nums;
};

struct xenpf_symdata {
    uint32_t namelen;  /* in: room; out: length */
    uint32_t symnum;   /* in: which; out: next */
    xen_handle_t name; /* char[namelen] */
    uint64_t address;
    char type;
};

struct xen_platform_op {
    uint32_t cmd; /* XENPF_* */
    uint32_t interface_version;
    union {
        struct xenpf_settime32 settime32;
        struct xenpf_settime64 settime64;
        struct xenpf_firmware_info firmware_info;
        struct xenpf_enter_acpi_sleep enter_acpi_sleep;
        struct xenpf_getidletime getidletime;
        struct xenpf_pcpuinfo pcpu_info;
        struct xenpf_pcpu_version pcpu_version;
        struct xenpf_cpu_ol cpu_ol;
        struct xenpf_core_parking core_parking;
        struct xenpf_symdata symdata;
        uint8_t pad[128];
    } u;
};

#endif
#endif
