/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * writers_event - __EventFilter, consumers and __FilterToConsumerBinding
 *
 * What can be known when they are written is checked here: the query with the
 * column of a mistake, addresses, header lines, file names.  What depends on
 * settings is checked at each delivery (consumer/consumer.h).
 *
 * A filter without a name is given one.  A binding needs its filter and its
 * consumer to be there; it outlives them and waits.
 *
 * Source: win32 WmiSdk "__EventFilter class", "__EventConsumer class",
 * "__FilterToConsumerBinding class" and the page of each standard consumer.
 */
#include "model/tx.h"

enum { PROVIDER_BINDINGS_MAX = 1000 };  /* __ArbitratorConfiguration.PermanentSubscriptionsPerUser */

MUST int provider_filter_create(struct tx *t, struct cim_instance *in, struct err *e);
MUST int provider_filter_change(struct tx *t, struct cim_instance *in, struct err *e);
MUST int provider_filter_delete(struct tx *t, const struct cim_instance *keys, struct err *e);
MUST int provider_consumer_create(struct tx *t, struct cim_instance *in, struct err *e);
MUST int provider_consumer_change(struct tx *t, struct cim_instance *in, struct err *e);
MUST int provider_consumer_delete(struct tx *t, const struct cim_instance *keys, struct err *e);
/* Classes of Windows that a Linux site cannot have: ERR_NOT_SUPPORTED, with what to use instead. */
MUST int provider_consumer_refuse(struct tx *t, struct cim_instance *in, struct err *e);
MUST int provider_binding_create(struct tx *t, struct cim_instance *in, struct err *e);
MUST int provider_binding_change(struct tx *t, struct cim_instance *in, struct err *e);
MUST int provider_binding_delete(struct tx *t, const struct cim_instance *keys, struct err *e);

/* writers_consumer.c: whether a consumer as it would be stored can ever work. */
MUST int provider_consumer_check(const struct cim_instance *i, struct err *e);
