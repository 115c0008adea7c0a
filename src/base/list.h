/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * list - intrusive doubly linked list with a head node
 *
 * A node that is on no list points to itself (list_init), so list_del() twice
 * is harmless.
 */
#include "base/macros.h"

struct list {
        struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
        l->next = l->prev = l;
}
static inline bool list_empty(const struct list *l)
{
        return l->next == l;
}
static inline void list_insert_before(struct list *at, struct list *n)
{
        n->prev = at->prev;
        n->next = at;
        at->prev->next = n;
        at->prev = n;
}
static inline void list_push_back(struct list *head, struct list *n)
{
        list_insert_before(head, n);
}
static inline void list_push_front(struct list *head, struct list *n)
{
        list_insert_before(head->next, n);
}
static inline void list_del(struct list *n)
{
        n->prev->next = n->next;
        n->next->prev = n->prev;
        list_init(n);
}
static inline struct list *list_pop_front(struct list *head)    /* NULL when empty */
{
        struct list *n = head->next;

        if (n == head)
                return NULL;
        list_del(n);
        return n;
}
#define list_entry(ptr, type, member) container_of(ptr, type, member)
/* Safe against deleting the current node. */
#define list_for_each(pos, head, tmp) \
        for (pos = (head)->next, tmp = pos->next; pos != (head); pos = tmp, tmp = pos->next)
