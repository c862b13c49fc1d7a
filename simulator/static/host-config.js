"use strict";

/* Sizes, spaces and colours close to those that Teams gives its cards. */
function hostConfig(theme) {
  const dark = theme === "dark";
  const tone = (light, night) => {
    const colour = dark ? night : light;
    return { default: colour, subtle: colour };
  };
  const foreground = {
    default: { default: dark ? "#FFFFFF" : "#242424", subtle: dark ? "#ADADAD" : "#616161" },
    accent: tone("#5B5FC7", "#9299F7"),
    attention: tone("#C4314B", "#F9526B"),
    good: tone("#237B4B", "#92C353"),
    warning: tone("#8A5A00", "#F8D22A"),
    light: tone("#616161", "#D6D6D6"),
    dark: tone("#242424", "#FFFFFF"),
  };
  const container = (light, night, borderLight, borderNight) => ({
    backgroundColor: dark ? night : light,
    borderColor: dark ? borderNight : borderLight,
    foregroundColors: foreground,
  });
  const fontFamily = '"Segoe UI", -apple-system, Roboto, "Helvetica Neue", Helvetica, Arial, sans-serif';
  return {
    fontFamily,
    fontTypes: {
      default: {
        fontFamily,
        fontSizes: { small: 12, default: 14, medium: 16, large: 20, extraLarge: 24 },
        fontWeights: { lighter: 300, default: 400, bolder: 600 },
      },
      monospace: {
        fontFamily: 'Consolas, "SF Mono", Menlo, monospace',
        fontSizes: { small: 12, default: 14, medium: 16, large: 20, extraLarge: 24 },
        fontWeights: { lighter: 300, default: 400, bolder: 600 },
      },
    },
    lineHeights: { small: 16, default: 20, medium: 22, large: 28, extraLarge: 32 },
    spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
    separator: { lineThickness: 1, lineColor: dark ? "#4D4D4D" : "#E0E0E0" },
    containerStyles: {
      default: container("#FFFFFF", "#292929", "#E0E0E0", "#3D3D3D"),
      emphasis: container("#F5F5F5", "#333333", "#E0E0E0", "#4D4D4D"),
      accent: container("#E8EBFA", "#2F2F4A", "#C5CBFA", "#4F52B2"),
      attention: container("#FCF4F6", "#3E1F25", "#F3D6D8", "#70303B"),
      good: container("#E7F2DA", "#223317", "#BDDA9B", "#3F5C2B"),
      warning: container("#FBF6D9", "#3B3312", "#F2E384", "#6B5C1B"),
    },
    actions: {
      maxActions: 6,
      spacing: "default",
      buttonSpacing: 8,
      actionsOrientation: "horizontal",
      actionAlignment: "left",
      showCard: { actionMode: "inline", inlineTopMargin: 12 },
    },
    adaptiveCard: { allowCustomStyle: true },
    factSet: {
      title: { weight: "bolder", size: "default", color: "default", isSubtle: false, wrap: true, maxWidth: 180 },
      value: { weight: "default", size: "default", color: "default", isSubtle: false, wrap: true },
      spacing: 16,
    },
  };
}
