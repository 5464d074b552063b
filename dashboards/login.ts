/**
 * The sign-in form, written by the server because the page itself is behind it. Plain HTML, both languages at once.
 *
 * It has no action: then it is sent to the very address it was shown at, whose query (what was chosen on the page) the server hands
 * on, and whose fragment (#/alert/ID of the link that led here) the browser carries on through the redirect to the page.
 */

/** HTML of the form; `refused` says that the last token was wrong. */
export function loginPage(style: string | undefined, refused: boolean): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Tidewatch</title>
${style === undefined ? '' : `<link rel="stylesheet" href="/${style}">`}
</head>
<body>
<main class="login">
<h1>Tidewatch</h1>
<form method="post">
<label for="token">Token <span lang="zh-CN">令牌</span></label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
${refused ? '<p role="alert">That token is not right. <span lang="zh-CN">令牌不正确。</span></p>' : ''}
<button type="submit">Sign in <span lang="zh-CN">登录</span></button>
</form>
</main>
</body>
</html>
`;
}
