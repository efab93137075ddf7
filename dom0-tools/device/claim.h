/* SPDX-License-Identifier: MIT */
/*
 * Claim: who uses a disk's bytes, and whether one more may. Claims of domains are in their records,
 * those of dom0 are what its kernel says: mounts, exclusive openers, loop devices.
 *
 * Two may use the same bytes when both only read, or when both are meant to be shared.
 */
#ifndef LAMINA_DEVICE_CLAIM_H
#define LAMINA_DEVICE_CLAIM_H

#include "device/address.h"
#include "device/extent.h"

struct claim {
    struct extent extent;
    bool readonly, shareable;
};

bool claims_agree(const struct claim *a, const struct claim *b);

#define CLAIM_TEXT (EXTENT_TEXT + 8)
void claim_format(const struct claim *claim, char text[CLAIM_TEXT]);
int claim_parse(const char *text, struct claim *claim) __attribute__((warn_unused_result));

/*
 * Compares with the claims of all domains, but for that of `own` (NULL: none). 0, or -EBUSY with a
 * failure that names the domain; errors of the store. Inside a transaction the answer holds until
 * its end.
 */
int claim_check_domains(struct store_client *store, store_tx_t tx, const char *source,
                        const struct claim *claim, const struct device_address *own,
                        struct failure *failure) __attribute__((warn_unused_result));

/* Compares with what dom0 does. fd: the file or block device. -EBUSY with a failure that says who.
 */
int claim_check_host(int fd, const char *source, const struct claim *claim, struct failure *failure)
    __attribute__((warn_unused_result));

#endif
