#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes sample_*.hex anew: octets that impacket, aiowmi, Samba's wmic and tshark have read.

A class with a parent, an instance with every kind of value, an event with that instance in it; test_wmio.c builds the
same by hand.  The spec_*.hex beside them are typed from [MS-WMIO] section 3 and made by nobody.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'lib'))
from wmio_reference import (ARRAY, T, Class, Property, Qualifier, class_block, instance_block, unit)  # noqa: E402

SITE_ABC = ('SITESRV', 'ROOT\\SMS\\site_ABC')


def prop(name, cimtype, array=False, default=None, key=False, inherited=False, origin=0, quals=True):
    q = [Qualifier('CIMTYPE', cimtype, T['string'], 0x23 if inherited else 3)]
    q += [Qualifier('key', flavor=0x13)] if key else []
    q += [Qualifier('read')] if quals else []
    q += [Qualifier('SizeLimit', '8', T['string'])] if key else []
    return Property(name, T[cimtype] | (ARRAY if array else 0), q, default, inherited, origin)


BASE = Class('SMS_BaseClass', [], [Qualifier('abstract')])
SUMMARIZER = Class('SMS_PackageStatusRootSummarizer', [
    prop('PackageID', 'string', key=True), prop('Failed', 'uint32'), prop('Installed', 'uint32', default=0),
    prop('Name', 'string'), prop('PackageType', 'uint8'), prop('Retrying', 'uint32'), prop('SourceCompressedSize', 'uint32'),
    prop('SourceDate', 'datetime'), prop('SourceSize', 'uint32'), prop('SourceVersion', 'uint32'), prop('Targeted', 'uint32'),
    prop('IsActive', 'boolean'), prop('Total64', 'uint64'), prop('Comment', 'string'), prop('Sites', 'string', True),
    prop('Nums', 'uint32', True)],
    [Qualifier('provider', 'ExtnProv', T['string']), Qualifier('dynamic'),
     Qualifier('DisplayName', 'Package Status', T['string'])], ['SMS_BaseClass'])
ROW = ['ABC00001', 0, 12, 'Office \u2013 r\xe9sum\xe9 \u65e5', 0, 3, 4096, '20240115093000.000000+***', 0xfffffffe, 7, 15, True,
       1 << 40, None, ['ABC', 'XY1', ''], [1, 2, 3]]
EVENT = Class('__InstanceCreationEvent', [
    prop('SECURITY_DESCRIPTOR', 'uint8', True, inherited=True, origin=2, quals=False),
    prop('TIME_CREATED', 'uint64', inherited=True, origin=2, quals=False),
    prop('TargetInstance', 'object', inherited=True, origin=3, quals=False)],
    [], ['__InstanceOperationEvent', '__Event', '__IndicationRelated', '__SystemClass'])


def write(name, octets, out):
    text = octets.hex()
    with open(os.path.join(out, name), 'w', encoding='ascii') as f:
        f.writelines(text[i:i + 96] + '\n' for i in range(0, len(text), 96))


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else HERE
    row = instance_block(SUMMARIZER, ROW, SITE_ABC)
    write('sample_class.hex', unit(class_block(SUMMARIZER, BASE, SITE_ABC)), out)
    write('sample_instance.hex', unit(row), out)
    write('sample_event.hex', unit(instance_block(EVENT, [None, 133500000000000000, row], SITE_ABC)), out)
    return 0


if __name__ == '__main__':
    sys.exit(main())
