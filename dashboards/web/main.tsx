/** The page's entry: puts the app into its place. The theme is set first, so that no wrong colour is ever painted. */
import { render } from 'preact';
import { App } from './app.tsx';
import { applyTheme, readTheme } from './theme.ts';

applyTheme(readTheme());
const place = document.getElementById('app');
if (place !== null) render(<App />, place);
