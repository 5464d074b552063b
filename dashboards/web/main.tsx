/** The page's entry: puts the app into its place. The theme is set first, so that no wrong colour is ever painted. */
import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './styles/tokens.css';
import './styles/frame.css';
import './styles/panels.css';
import './styles/lists.css';
import { App } from './app.tsx';
import { applyTheme, readTheme } from './theme.ts';

applyTheme(readTheme());
const place = document.getElementById('app');
if (place !== null) render(<App />, place);
