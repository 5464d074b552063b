/** Style sheets are bundled by esbuild; to the compiler an import of one has no value. */
declare module '*.css';
