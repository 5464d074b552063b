/** The bar at the top: who we are, whether we are live, which span, which language, which theme. */
import { useRef, useState } from 'preact/hooks';
import { RANGES, type Address, type RangeName } from './address.ts';
import { useInterface } from './i18n.ts';
import type { Connection } from './live.ts';
import { RangeForm } from './range_form.tsx';
import type { Theme } from './theme.ts';
import { Views } from './views.tsx';

interface TopBarProps {
  readonly address: Address;
  readonly connection: Connection;
  readonly paused: boolean;
  /** Whether a part of what is shown could not be asked for again. */
  readonly behind: boolean;
  readonly theme: Theme;
  setPaused(paused: boolean): void;
  setTheme(theme: Theme): void;
  change(change: Partial<Address>): void;
}

const NEXT_THEME: Readonly<Record<Theme, Theme>> = { auto: 'light', light: 'dark', dark: 'auto' };

export function TopBar({ address, connection, paused, behind, theme, setPaused, setTheme, change }: TopBarProps) {
  const { text, language } = useInterface();
  const standing = paused ? 'paused' : behind ? 'behind' : 'live';
  const state = connection === 'lost' ? 'offline' : connection === 'connecting' ? 'connecting' : standing;
  const chosen = address.from !== null;
  const [choosing, setChoosing] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  return (
    <header class="top-bar">
      <h1 class="brand">
        <Logo />
        Tidewatch
        <span class="tagline">{text.tagline}</span>
      </h1>
      <button
        type="button"
        class={`live is-${state}`}
        aria-pressed={!paused}
        title={paused ? text.resume : text.pause}
        onClick={() => setPaused(!paused)}
      >
        <i class="live-dot" aria-hidden="true" />
        {text[state]}
      </button>
      <nav class="find-links" aria-label={text.find}>
        <a class="link" href="#/find">
          {text.find_short}
        </a>
        <a class="link" href="#/for-you">
          {text.for_you}
        </a>
        <Views />
      </nav>
      <div class="ranges-place">
        <div class="ranges" role="group" aria-label={text.range}>
          {(Object.keys(RANGES) as RangeName[]).map((range) => (
            <button
              type="button"
              key={range}
              aria-pressed={!chosen && address.range === range}
              onClick={() => change({ range, from: null, to: null })}
            >
              {rangeLabel(range, language)}
            </button>
          ))}
          {chosen && (
            <button type="button" aria-pressed={true} class="chosen" onClick={() => change({ from: null, to: null })}>
              {text.range_custom} <span aria-hidden="true">×</span>
            </button>
          )}
          <button
            ref={opener}
            type="button"
            class="choose-range"
            aria-expanded={choosing}
            aria-haspopup="true"
            onClick={() => setChoosing(!choosing)}
          >
            {text.range_choose}
          </button>
        </div>
        {choosing && (
          <RangeForm
            {...{ address, change }}
            close={() => {
              setChoosing(false);
              opener.current?.focus();
            }}
          />
        )}
      </div>
      <div class="preferences">
        <button
          type="button"
          lang={language === 'en' ? 'zh-CN' : 'en'}
          title={text.other_language_hint}
          onClick={() => change({ lang: language === 'en' ? 'zh' : 'en' })}
        >
          {text.other_language}
        </button>
        <button
          type="button"
          class="theme"
          title={`${text.theme}: ${text[`theme_${theme}`]}`}
          onClick={() => setTheme(NEXT_THEME[theme])}
        >
          <ThemeIcon theme={theme} />
          <span class="visually-hidden">
            {text.theme}: {text[`theme_${theme}`]}
          </span>
        </button>
      </div>
    </header>
  );
}

function rangeLabel(range: RangeName, language: 'en' | 'zh'): string {
  if (language === 'en') return range.replace(/(\d+)([hd])/, '$1 $2');
  return range.replace('h', ' 小时').replace('d', ' 天');
}

function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <rect width="32" height="32" rx="8" class="logo-ground" />
      <path d="M4 19c4 0 4-6 8-6s4 6 8 6 4-6 8-6" class="logo-wave" />
      <path d="M4 25c4 0 4-4 8-4s4 4 8 4 4-4 8-4" class="logo-under" />
      <circle cx="23" cy="7.5" r="3" class="logo-sun" />
    </svg>
  );
}

function ThemeIcon({ theme }: { theme: Theme }) {
  return (
    <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" class="icon">
      {theme === 'dark' && <path d="M16 12.2A6.8 6.8 0 0 1 7.8 4a6.8 6.8 0 1 0 8.2 8.2z" class="filled" />}
      {theme === 'light' && (
        <>
          <circle cx="10" cy="10" r="3.6" class="filled" />
          <path d="M10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M4.2 15.8l1.4-1.4M14.4 5.6l1.4-1.4" />
        </>
      )}
      {theme === 'auto' && (
        <>
          <circle cx="10" cy="10" r="6.6" />
          <path d="M10 3.4a6.6 6.6 0 0 1 0 13.2z" class="filled" />
        </>
      )}
    </svg>
  );
}
