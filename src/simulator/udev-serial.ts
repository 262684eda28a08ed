/**
 * The kernel's `device/wwid` in udev's form (`ID_SERIAL`), which is multipathd's as well; empty for a
 * unit without one.
 * Written anew here, not taken from the contract: the simulator must not share its errors.
 */
export function udevSerial(kernelWwid: string): string {
  if (kernelWwid === '') return '';
  const [type = '', ...rest] = kernelWwid.split('.');
  const designator = rest.join('.').trim().replace(/\s+/g, '_');
  const digit = { naa: '3', eui: '2', t10: '1' }[type];
  return digit === undefined
    ? `8${kernelWwid.trim().replace(/\s+/g, '_')}`
    : `${digit}${designator}`;
}
