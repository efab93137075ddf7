/* SPDX-License-Identifier: MIT */
/*
 * The machine as a whole is dom0's: processors are described, one that is not there is told from
 * one that is, the clock is set by a well-formed request only, and a sleep state that does not
 * exist does nothing. Others are refused each of these.
 */
#include "check.h"
#include "public/platform.h"

static void processors(void)
{
    struct xenpf_pcpuinfo info = { .xen_cpuid = 0 };
    struct xenpf_pcpu_version version = { .xen_cpuid = 0 };

    CHECK_DOM0(hypercall_platform_get_cpuinfo(&info), 0);
    CHECK_DOM0(hypercall_platform_get_cpu_version(&version), 0);
    if (!test_is_dom0())
        return;
    CHECK(info.flags & XEN_PCPU_FLAGS_ONLINE, XEN_PCPU_FLAGS_ONLINE);
    CHECK(version.vendor_id[0] != 0, 1);
    CHECK(info.max_present < 1024, 1);
    info.xen_cpuid = 4711;
    CHECK(hypercall_platform_get_cpuinfo(&info), 0);
    CHECK(info.flags & XEN_PCPU_FLAGS_INVALID, XEN_PCPU_FLAGS_INVALID);
}

static void clock(void)
{
    struct xenpf_settime64 far = { .secs = 1, .mbz = 1 };
    struct xenpf_settime32 near = { .secs = 1 };
    uint32_t before;

    NEED(event_init());
    before = shared_info->wc_sec;
    CHECK_DOM0(hypercall_platform_settime64(&far), -XEN_EINVAL);
    far.mbz = 0;
    if (!test_is_dom0()) {
        CHECK(hypercall_platform_settime64(&far), -XEN_EPERM);
        CHECK(hypercall_platform_settime32(&near), -XEN_EPERM);
    }
    CHECK(shared_info->wc_sec, before);
}

void test_main(void)
{
    struct xenpf_enter_acpi_sleep sleep = { .sleep_state = 77 };
    struct xenpf_firmware_info firmware = { .type = 99 };
    struct xenpf_cpu_ol cpu = { 4711 };
    struct xenpf_core_parking parking = { .type = 77 };
    struct xenpf_getidletime idle = { .cpumap_bitmap = 0xffff830000000000UL, .cpumap_nr_cpus = 1 };
    struct xenpf_symdata symbol = { .symnum = ~0u };

    processors();
    clock();
    CHECK(hypercall_platform_enter_acpi_sleep(&sleep) < 0, 1);
    CHECK_DOM0(hypercall_platform_firmware_info(&firmware), -XEN_EINVAL);
    firmware = (struct xenpf_firmware_info){ .type = XEN_FW_DISK_MBR_SIGNATURE, .index = 4711 };
    CHECK_DOM0(hypercall_platform_firmware_info(&firmware), -XEN_ESRCH);
    CHECK(hypercall_platform_cpu_online(&cpu) < 0, 1);
    CHECK(hypercall_platform_cpu_offline(&cpu) < 0, 1);
    CHECK(hypercall_platform_core_parking(&parking) < 0, 1);
    CHECK(hypercall_platform_efi_runtime_call() < 0, 1);
    CHECK(hypercall_platform_set_processor_pminfo() <= 0, 1);
    CHECK(hypercall_platform_getidletime(&idle) < 0, 1);
    CHECK(hypercall_platform_get_symbol(&symbol) < 0, 1);
    CHECK(hypercall_version_pagesize(), 4096);
}
