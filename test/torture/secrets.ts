/** The only secret of a run. Wherever it shows, apart from the node records, it has leaked. */
export const MARKER_SECRET = 'TortureMarker6b1f';
export const CHAP_USER = 'torture';
export const SECRET_REF = 'file:torture';
