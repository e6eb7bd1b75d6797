// Draws grey values through a window with WebGL2. 16 bit values stay 16 bit up to the last step.
import { underLens } from "./geometry.js";
import { HALVE, SHOW, WHOLE_STAGE } from "./shaders.js";

const SMALLEST_LEVEL_PX = 256;
const UNIFORMS = ["levelShare", "toImage", "imageSize", "ends", "isInverted", "isSmooth", "lens"];

export class Renderer {
  /** Throws where the canvas has no WebGL2 or the image is too large for it. */
  constructor(canvas, image, pixels) {
    this.gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
    if (!this.gl) throw new Error("no WebGL2");
    if (Math.max(image.width, image.height) > this.gl.getParameter(this.gl.MAX_TEXTURE_SIZE)) {
      throw new Error("the image is larger than this graphics card allows");
    }
    this.image = image;
    this.prepare(pixels);
  }

  /** Programs and textures; again after the context was lost. */
  prepare(pixels) {
    const { gl } = this;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.bindVertexArray(gl.createVertexArray());
    this.program = program(gl, SHOW);
    this.uniforms = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(this.program, name)]));
    this.levels = levels(gl, this.image, pixels);
    gl.useProgram(this.program);
    gl.uniform2f(this.uniforms.imageSize, this.image.width, this.image.height);
  }

  /**
   * matrix  image px to CSS px, see geometry.js
   * shown   { window: { low, high }, isInverted, isSmooth }
   * lens    null, or { x, y, radius, factor }: CSS px, and how much larger than the rest
   */
  draw(stage, matrix, shown, lens) {
    const { gl, uniforms } = this;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.uniform2f(uniforms.ends, shown.window.low, shown.window.high);
    gl.uniform1i(uniforms.isInverted, shown.isInverted ? 1 : 0);
    gl.uniform1i(uniforms.isSmooth, shown.isSmooth ? 1 : 0);
    this.drawPart(stage, matrix, { x: 0, y: 0, radius: 0 });
    if (lens) this.drawPart(stage, underLens(matrix, lens), lens);
  }

  drawPart(stage, matrix, lens) {
    const { gl, uniforms } = this;
    const scale = Math.hypot(matrix.a, matrix.b) * stage.ratio;
    const level = this.levels[Math.min(Math.max(Math.floor(-Math.log2(scale)), 0), this.levels.length - 1)];
    const height = gl.drawingBufferHeight;
    gl.bindTexture(gl.TEXTURE_2D, level.texture);
    gl.uniform2f(uniforms.levelShare, level.share, level.share);
    gl.uniformMatrix3fv(uniforms.toImage, false, fromDevice(matrix, stage.ratio, height));
    gl.uniform3f(uniforms.lens, lens.x * stage.ratio, height - lens.y * stage.ratio, lens.radius * stage.ratio);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Gives the graphics card its memory back; nothing can be drawn after. */
  close() {
    for (const { texture } of this.levels) this.gl.deleteTexture(texture);
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

/** Device px, counted from the lower left, to image px: three columns, as WebGL takes them. */
function fromDevice({ a, b, c, d, e, f }, ratio, height) {
  const size = a * d - b * c;
  const [ia, ib, ic, id] = [d / size, -b / size, -c / size, a / size];
  const [top, left] = [height / ratio - f, -e];
  return [ia / ratio, ib / ratio, 0, -ic / ratio, -id / ratio, 0, ia * left + ic * top, ib * left + id * top, 1];
}

/** The image and ever smaller copies of it; `share`: px of the copy per image px. */
function levels(gl, image, pixels) {
  const made = [{ texture: texture(gl, image, image.width, image.height), share: 1 }];
  const [format, type] = [gl.RED_INTEGER, image.bits === 16 ? gl.UNSIGNED_SHORT : gl.UNSIGNED_BYTE];
  gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, image.width, image.height, format, type, pixels);
  gl.useProgram(program(gl, HALVE));
  const target = gl.createFramebuffer();
  let [width, height] = [image.width, image.height];
  while (Math.max(width, height) > SMALLEST_LEVEL_PX) {
    [width, height] = [Math.ceil(width / 2), Math.ceil(height / 2)];
    const source = made.at(-1);
    const half = { texture: texture(gl, image, width, height), share: source.share / 2 };
    gl.bindFramebuffer(gl.FRAMEBUFFER, target);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, half.texture, 0);
    gl.bindTexture(gl.TEXTURE_2D, source.texture);
    gl.viewport(0, 0, width, height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    made.push(half);
  }
  gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  gl.deleteFramebuffer(target);
  return made;
}

function texture(gl, image, width, height) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texStorage2D(gl.TEXTURE_2D, 1, image.bits === 16 ? gl.R16UI : gl.R8UI, width, height);
  for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
  return made;
}

function program(gl, source) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, WHOLE_STAGE], [gl.FRAGMENT_SHADER, source]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(made));
  return made;
}
