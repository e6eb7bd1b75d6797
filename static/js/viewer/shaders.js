// The programs that run on the graphics card.

export const WHOLE_STAGE = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3 : -1, gl_VertexID == 2 ? 3 : -1);
  gl_Position = vec4(corner, 0, 1);
}`;

// Grey values are interpolated first and windowed after, as a reader expects of a window.
export const SHOW = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D greys;
uniform vec2 levelShare;   // level px per image px
uniform mat3 toImage;      // device px, from the lower left, to image px
uniform vec2 imageSize;    // image px
uniform vec2 ends;         // grey values shown black and white
uniform bool isInverted;
uniform bool isSmooth;
uniform vec3 lens;         // middle and radius, device px; radius 0: no lens
out vec4 colour;

float grey(ivec2 place) {
  ivec2 last = textureSize(greys, 0) - 1;
  return float(texelFetch(greys, clamp(place, ivec2(0), last), 0).r);
}

float between(vec2 point) {
  vec2 from = floor(point - 0.5);
  vec2 share = point - 0.5 - from;
  ivec2 place = ivec2(from);
  float above = mix(grey(place), grey(place + ivec2(1, 0)), share.x);
  float below = mix(grey(place + ivec2(0, 1)), grey(place + ivec2(1, 1)), share.x);
  return mix(above, below, share.y);
}

void main() {
  if (lens.z > 0.0 && distance(gl_FragCoord.xy, lens.xy) > lens.z) discard;
  vec2 point = (toImage * vec3(gl_FragCoord.xy, 1)).xy;
  colour = vec4(0, 0, 0, 1);
  if (any(lessThan(point, vec2(0))) || any(greaterThanEqual(point, imageSize))) return;
  vec2 place = point * levelShare;
  float value = isSmooth ? between(place) : grey(ivec2(floor(place)));
  float shade = clamp((value - ends.x) / (ends.y - ends.x), 0.0, 1.0);
  colour.rgb = vec3(isInverted ? 1.0 - shade : shade);
}`;

// Half the size: each pixel is the mean of four. Shown small, an image would else glitter and lose thin lines.
export const HALVE = `#version 300 es
precision highp int;
precision highp usampler2D;
uniform usampler2D greys;
out uint mean;

uint grey(ivec2 place) {
  return texelFetch(greys, min(place, textureSize(greys, 0) - 1), 0).r;
}

void main() {
  ivec2 place = ivec2(gl_FragCoord.xy) * 2;
  uint sum = grey(place) + grey(place + ivec2(1, 0)) + grey(place + ivec2(0, 1)) + grey(place + ivec2(1, 1));
  mean = (sum + 2u) / 4u;
}`;
