/* SPDX-License-Identifier: MIT */
/*
 * Disk and network of a virtual machine: virtio's legacy form, found on the PCI bus and driven
 * through ports. A queue is three tables in one piece of memory; requests are waited for by
 * looking.
 */
#include "metal/cpu.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc

#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_NET    0x1000
#define VIRTIO_DISK   0x1001
#define HOST_FEATURES 0  /* offsets from the device's first port */
#define OUR_FEATURES  4
#define QUEUE_ADDRESS 8
#define QUEUE_SIZE    12
#define QUEUE_SELECT  14
#define QUEUE_NOTIFY  16
#define STATUS        18
#define CONFIG        20

#define QUEUE_MAX   256u
#define NEXT        1u /* flags of a piece */
#define DEVICE_WRITES 2u
#define NET_HEADER  10u
#define NET_BUFFERS 16u
#define BUFFER      2048u

struct piece {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags, next;
};

struct queue {
    uint16_t port, number, size, seen; /* seen: of what the device has used */
    uint8_t *memory;
    struct piece *pieces;
    volatile uint16_t *offered; /* flags, index, then numbers of first pieces */
    volatile uint8_t *used;     /* flags, index, then (number, bytes) of 32 bits each */
};

static uint8_t memory[3][3 * 4096] __attribute__((aligned(4096)));
static struct queue disk, net_in, net_out;
static uint8_t in_buffer[NET_BUFFERS][BUFFER], out_buffer[BUFFER];

static uint32_t pci_read(uint32_t bus, uint32_t slot, uint32_t reg)
{
    out32(PCI_ADDRESS, 1u << 31 | bus << 16 | slot << 11 | reg);
    return in32(PCI_DATA);
}

uint16_t pci_find(uint16_t vendor, uint16_t device)
{
    for (uint32_t slot = 0; slot < 32; slot++) {
        if (pci_read(0, slot, 0) != ((uint32_t)device << 16 | vendor))
            continue;
        out32(PCI_ADDRESS, 1u << 31 | slot << 11 | 4);
        out32(PCI_DATA, in32(PCI_DATA) | 5); /* ports, and memory of its own accord */
        return (uint16_t)(pci_read(0, slot, 0x10) & ~3u);
    }
    return 0;
}

/* Reset, then told: found, driver there, nothing of the optional taken. */
static uint16_t device_open(uint16_t device)
{
    uint16_t port = pci_find(VIRTIO_VENDOR, device);

    if (!port)
        return 0;
    out8((uint16_t)(port + STATUS), 0);
    out8((uint16_t)(port + STATUS), 3);
    out32((uint16_t)(port + OUR_FEATURES), 0);
    return port;
}

static int queue_open(struct queue *queue, uint16_t port, uint16_t number, uint8_t *at)
{
    queue->port = port;
    queue->number = number;
    out16((uint16_t)(port + QUEUE_SELECT), number);
    queue->size = in16((uint16_t)(port + QUEUE_SIZE));
    if (!queue->size || queue->size > QUEUE_MAX)
        return -1;
    queue->pieces = (struct piece *)at;
    queue->offered = (volatile uint16_t *)(at + queue->size * sizeof(struct piece));
    queue->used = at + ((queue->size * (sizeof(struct piece) + 2) + 4 + 4095) & ~4095UL);
    queue->offered[0] = 1; /* no interrupts */
    out32((uint16_t)(port + QUEUE_ADDRESS), (uint32_t)(physical(at) / PAGE_BYTES));
    return 0;
}

static void piece_set(struct queue *queue, uint16_t number, const void *at, uint32_t bytes,
                      uint16_t flags)
{
    queue->pieces[number] = (struct piece){ physical(at), bytes, flags, (uint16_t)(number + 1) };
}

static void queue_offer(struct queue *queue, uint16_t first)
{
    uint16_t index = queue->offered[1];

    queue->offered[2 + index % queue->size] = first;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    queue->offered[1] = (uint16_t)(index + 1);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    out16((uint16_t)(queue->port + QUEUE_NOTIFY), queue->number);
}

/* The next chain that the device is done with: its first piece, or -1; its bytes in *bytes. */
static int queue_take(struct queue *queue, uint32_t *bytes)
{
    volatile uint32_t *entry;

    if (*(volatile uint16_t *)(queue->used + 2) == queue->seen)
        return -1;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    entry = (volatile uint32_t *)(queue->used + 4) + queue->seen++ % queue->size * 2;
    *bytes = entry[1];
    return (int)entry[0];
}

/* ---- disk ---- */

int machine_disk_open(uint64_t *nr_sectors)
{
    uint16_t port = device_open(VIRTIO_DISK);

    if (!port || queue_open(&disk, port, 0, memory[0]))
        return -1;
    out8((uint16_t)(port + STATUS), 7);
    *nr_sectors = in32((uint16_t)(port + CONFIG)) |
                  (uint64_t)in32((uint16_t)(port + CONFIG + 4)) << 32;
    return 0;
}

int machine_disk_transfer(bool is_write, uint64_t sector, void *page)
{
    static struct {
        uint32_t type, reserved;
        uint64_t sector;
    } head;
    static volatile uint8_t status;
    uint32_t bytes;

    head.type = is_write;
    head.sector = sector;
    status = 0xff;
    piece_set(&disk, 0, &head, sizeof(head), NEXT);
    piece_set(&disk, 1, page, PAGE_BYTES, is_write ? NEXT : NEXT | DEVICE_WRITES);
    piece_set(&disk, 2, (const void *)&status, 1, DEVICE_WRITES);
    queue_offer(&disk, 0);
    while (queue_take(&disk, &bytes) < 0)
        __builtin_ia32_pause();
    return status ? -1 : 0;
}

/* ---- network ---- */

int machine_net_open(uint8_t mac[6])
{
    uint16_t port = device_open(VIRTIO_NET);

    if (!port || queue_open(&net_in, port, 0, memory[1]) ||
        queue_open(&net_out, port, 1, memory[2]))
        return -1;
    for (uint16_t i = 0; i < 6; i++)
        mac[i] = in8((uint16_t)(port + CONFIG + i));
    out8((uint16_t)(port + STATUS), 7);
    for (uint16_t i = 0; i < NET_BUFFERS; i++) {
        piece_set(&net_in, i, in_buffer[i], BUFFER, DEVICE_WRITES);
        queue_offer(&net_in, i);
    }
    return 0;
}

int machine_net_send(const void *frame, size_t bytes)
{
    const uint8_t *from = frame;
    uint32_t done;

    if (bytes > BUFFER - NET_HEADER)
        return -1;
    for (size_t i = 0; i < bytes; i++)
        out_buffer[NET_HEADER + i] = from[i];
    piece_set(&net_out, 0, out_buffer, (uint32_t)(NET_HEADER + bytes), 0);
    queue_offer(&net_out, 0);
    while (queue_take(&net_out, &done) < 0)
        __builtin_ia32_pause();
    return 0;
}

size_t machine_net_receive(void *frame, size_t size, uint64_t deadline_ns)
{
    uint8_t *to = frame;
    uint32_t bytes;
    int number;

    while ((number = queue_take(&net_in, &bytes)) < 0) {
        if (machine_now_ns() >= deadline_ns)
            return 0;
        __builtin_ia32_pause();
    }
    bytes = bytes > NET_HEADER ? bytes - NET_HEADER : 0;
    if (bytes > size)
        bytes = (uint32_t)size;
    for (uint32_t i = 0; i < bytes; i++)
        to[i] = in_buffer[number][NET_HEADER + i];
    queue_offer(&net_in, (uint16_t)number);
    return bytes;
}
