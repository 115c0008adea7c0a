/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * mof - instances as MOF text, with the types of their classes; [DSP0004] 7.5
 *
 *      instance of SMS_Site
 *      {
 *              SiteCode = "P01";
 *      };
 *
 * NULL properties are left out, datetimes are CIM's.  An object that is a class
 * definition is shown as its class.
 */
#include "cli.h"

/* One object of a class. Consumes o. */
int print_mof(struct cli *c, const char *class_name, json_t *o);
/* Rows that say their "__CLASS". Consumes rows. */
int print_mof_rows(struct cli *c, json_t *rows);
/* The class's declaration, {"Name":...,"Properties":[...]}. */
int fetch_class(struct cli *c, const char *name, json_t **out);
/* Element of an array of {"Name":...}, any case. */
json_t *named(const json_t *list, const char *name);
/* Class.K="v",L="w" of an instance, by the keys that its class declares. */
json_t *path_of(const json_t *class, const json_t *row);
