// The sign-in form tells which time zone its browser is in, so that working hours begin right.

export function bind(form) {
  const field = form.querySelector("input[name=tz]");
  if (field) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}
