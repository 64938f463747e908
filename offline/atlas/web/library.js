// The map is drawn with regl, a thin layer over WebGL (MIT licence, Mikola Lysenko), which comes inside Bokeh's
// bokeh-gl.min.js. That file is a plug-in: it hands its modules to a registry, by number, with the names of Bokeh's
// own. The registry here takes the one module that is not Bokeh's own; Bokeh itself, six times as large, is not needed.
"use strict";

(function (atlas) {
  const registry = {
    register_plugin(modules, entry, names) {
      const own = new Set(Object.values(names).map(String));
      const foreign = Object.keys(modules).filter((number) => !own.has(number));
      if (foreign.length !== 1) throw new Error("this bokeh-gl.min.js holds regl in another way");
      const module = { exports: {} };
      modules[foreign[0]].call(window, undefined, module, module.exports);
      atlas.regl = module.exports;
    },
  };
  window.Bokeh = new Proxy({}, { get: () => registry });
})(window.samplechop);
