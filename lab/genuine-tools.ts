/**
 * Where a tool of the guest is while a script stands in its place. Under its own name: a daemon is known
 * by that, multipathd among those who have a disk open for one.
 */
export const GENUINE = '/usr/lib/lab-genuine';
