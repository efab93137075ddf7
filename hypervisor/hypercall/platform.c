/* SPDX-License-Identifier: MIT */
/*
 * platform_op: what a dom0 kernel asks of the machine. Legacy firmware data is left behind by real
 * mode before the hypervisor starts; it has none, and callers end their search at the first error.
 */
#include "core/time.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "public/platform.h"

#define NS_PER_SECOND 1000000000u
#define ACPI_S3       3
#define ACPI_S5       5

long hc_platform_settime32(struct xenpf_settime32 *settime32)
{
    if (settime32->nsecs >= NS_PER_SECOND)
        return -EINVAL;
    time_set_wallclock(settime32->secs, settime32->nsecs, settime32->system_time);
    return 0;
}

long hc_platform_settime64(struct xenpf_settime64 *settime64)
{
    if (settime64->nsecs >= NS_PER_SECOND || settime64->mbz)
        return -EINVAL;
    time_set_wallclock(settime64->secs, settime64->nsecs, settime64->system_time);
    return 0;
}

long hc_platform_get_cpuinfo(struct xenpf_pcpuinfo *pcpu_info)
{
    uint32_t cpu = pcpu_info->xen_cpuid;

    pcpu_info->max_present = machine_nr_cpus() - 1;
    pcpu_info->flags = XEN_PCPU_FLAGS_INVALID;
    pcpu_info->apic_id = pcpu_info->acpi_id = 0;
    if (cpu < machine_nr_cpus()) {
        pcpu_info->flags = XEN_PCPU_FLAGS_ONLINE;
        pcpu_info->apic_id = machine_apic_id(cpu);
        pcpu_info->acpi_id = cpu;
    }
    return 0;
}

/* All processors are alike, so any of them answers for each. */
long hc_platform_get_cpu_version(struct xenpf_pcpu_version *pcpu_version)
{
    uint32_t vendor[4], version[4];
    uint32_t family, model;

    if (pcpu_version->xen_cpuid >= machine_nr_cpus())
        return -EINVAL;
    machine_cpuid(0, 0, vendor);
    machine_cpuid(1, 0, version);
    family = version[0] >> 8 & 0xf;
    model = version[0] >> 4 & 0xf;
    if (family == 0xf)
        family += version[0] >> 20 & 0xff;
    if (family >= 6)
        model |= (version[0] >> 16 & 0xf) << 4;
    pcpu_version->max_present = machine_nr_cpus() - 1;
    __builtin_memcpy(pcpu_version->vendor_id, &vendor[1], 4);
    __builtin_memcpy(pcpu_version->vendor_id + 4, &vendor[3], 4);
    __builtin_memcpy(pcpu_version->vendor_id + 8, &vendor[2], 4);
    pcpu_version->family = family;
    pcpu_version->model = model;
    pcpu_version->stepping = version[0] & 0xf;
    return 0;
}

long hc_platform_firmware_info(struct xenpf_firmware_info *firmware_info)
{
    switch (firmware_info->type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO:
        return -ESRCH;
    case XEN_FW_EFI_INFO:
        return -ENOSYS;
    case XEN_FW_KBD_SHIFT_FLAGS:
        if (firmware_info->index)
            return -ESRCH;
        firmware_info->u.kbd_shift_flags = 0; /* no key held, no lock on */
        return 0;
    default:
        return -EINVAL;
    }
}

/* The values are those of dom0's AML. Suspending would lose the state of all processors. */
long hc_platform_enter_acpi_sleep(struct xenpf_enter_acpi_sleep *enter_acpi_sleep)
{
    uint32_t state = enter_acpi_sleep->sleep_state;

    if (state < 1 || state > ACPI_S5)
        return -EINVAL;
    if (enter_acpi_sleep->flags || state <= ACPI_S3)
        return -EOPNOTSUPP;
    return machine_acpi_sleep((uint8_t)state, enter_acpi_sleep->val_a, enter_acpi_sleep->val_b);
}
